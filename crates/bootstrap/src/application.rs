use std::fs;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle, Service};
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::{Context, Result, bail};
use application::ports::{Calendar, Clock, PaymentGateway, Store};
use application::{
    Accounts, Categories, Contracts, Credentials, Customers, IdentificationProcesses, OutboxWorker,
    Promotions, SpecialTreatments, Tokenizations, with_causes,
};
use http_api::{Jwks, State, Verifier, configure, observe};
use identity::InProcessIdentitySystem;
use notifications::LogNotifier;
use payments::Sandbox;
use persistence::SqlStore;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::development_key::DevelopmentKey;
use crate::documents::document_store;
use crate::private_file::create_private_dir;
use crate::settings::{Environment, Gateway, Settings};
use crate::worker::Workers;
use crate::world::World;

/// Longest that requests under way may take once the process is asked to stop; the workers and the database need a moment more
/// of the 30 seconds that there are.
const DRAIN: Duration = Duration::from_secs(25);

/// The service, ready to run.
pub struct Application {
    server: Server,
    address: SocketAddr,
    store: Arc<SqlStore>,
    workers: Option<Workers>,
}

impl Application {
    /// Connects to the database, brings its schema up to date where that is allowed, and listens.
    ///
    /// # Errors
    /// Anything that keeps the service from working.
    pub async fn build(settings: &Settings, world: World) -> Result<Self> {
        let verifier = verifier(settings)?;
        let listener = TcpListener::bind((&*settings.server.host, settings.server.port))
            .with_context(|| format!("cannot listen on {}:{}", settings.server.host, settings.server.port))?;
        let store = Arc::new(connect(settings).await?);
        prepare_schema(settings, &store).await?;
        let address = listener.local_addr()?;
        let state = state(settings, world, verifier, Arc::clone(&store), address)?;
        let workers = match settings.outbox.enabled {
            true => Some(workers(settings, &state, Arc::clone(&store)).await),
            false => None,
        };
        let state = Data::new(state);
        let runtime = Handle::current();
        let server = HttpServer::new(move || {
            let runtime = runtime.clone();
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(observe))
                .wrap_fn(move |request, service| within(runtime.clone(), service.call(request)))
                .configure(configure)
        });
        let server = match settings.server.workers {
            0 => server,
            workers => server.workers(workers),
        };
        let server = server.shutdown_timeout(DRAIN.as_secs()).disable_signals().listen(listener)?.run();
        Ok(Self { server, address, store, workers })
    }

    /// Where the service listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the service from elsewhere.
    #[must_use]
    pub fn handle(&self) -> StopHandle {
        StopHandle { server: self.server.handle(), workers: self.workers.as_ref().map(Workers::stopper) }
    }

    /// Runs until the handle stops it; requests under way are finished.
    ///
    /// # Errors
    /// The server fails.
    pub async fn run_until_stopped(self) -> Result<()> {
        let result = self.server.await.context("the server has failed");
        if let Some(workers) = self.workers {
            workers.stop().await;
        }
        // The database survives a connection that is not closed.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.store.close()).await;
        result
    }
}

/// Stops a service.
pub struct StopHandle {
    server: ServerHandle,
    workers: Option<watch::Sender<bool>>,
}

impl StopHandle {
    /// Tells the service to stop, if it shall be `graceful` after the requests and effects under way.
    pub fn stop(&self, graceful: bool) -> impl Future<Output = ()> + use<> {
        if let Some(workers) = &self.workers {
            // Nobody listens if all have ended already.
            let _ = workers.send(true);
        }
        self.server.stop(graceful)
    }
}

/// Polls a future as part of this runtime. Each thread of the server has a runtime of its own, which ends when the thread has
/// nothing more to do; a database connection that it opened there would die under the threads that still use it.
async fn within<F: Future>(runtime: Handle, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let _entered = runtime.enter();
        future.as_mut().poll(context)
    })
    .await
}

pub(crate) async fn connect(settings: &Settings) -> Result<SqlStore> {
    if settings.database.url.is_empty() {
        create_private_dir(&settings.data_dir)?;
    }
    SqlStore::connect(&settings.store_options()).await.context("cannot connect to the database")
}

pub(crate) async fn prepare_schema(settings: &Settings, store: &SqlStore) -> Result<()> {
    let migrations = store.migrations().await?;
    let pending = migrations.iter().filter(|(_, applied)| !applied).count();
    if pending == 0 {
        return Ok(());
    }
    if !settings.auto_migrate() {
        bail!(
            "the database lacks {pending} migrations; run `mascustomers migrate up` or set database.auto_migrate"
        );
    }
    store.migrate_up().await.context("cannot migrate the database")?;
    tracing::info!(migrations = pending, "migrated the database");
    Ok(())
}

/// Starts those who empty the outbox.
async fn workers(settings: &Settings, state: &State, store: Arc<SqlStore>) -> Workers {
    if let Err(error) = store.listen(&settings.store_options()).await {
        tracing::warn!(
            reason = with_causes(&error),
            "the database does not tell of new entries of the outbox; they are polled for"
        );
    }
    let outbox = Arc::new(OutboxWorker {
        store: Arc::clone(&state.store),
        clock: Arc::clone(&state.clock),
        tokenizations: Arc::clone(&state.tokenizations),
        credentials: Arc::clone(&state.credentials),
        policy: settings.outbox_policy(),
    });
    Workers::start(&outbox, store, Duration::from_millis(settings.outbox.poll_ms.into()))
}

fn payment_gateway(settings: &Settings, clock: Arc<dyn Clock>) -> Arc<dyn PaymentGateway> {
    match settings.payments.gateway {
        Gateway::Sandbox => {
            if settings.environment == Environment::Production {
                tracing::warn!("payments.gateway is the sandbox: cards are invented");
            }
            Arc::new(Sandbox { clock })
        }
    }
}

fn state(
    settings: &Settings,
    world: World,
    verifier: Verifier,
    store: Arc<SqlStore>,
    address: SocketAddr,
) -> Result<State> {
    let store: Arc<dyn Store> = store;
    let World { clock, ids } = world;
    let calendar: Arc<dyn Calendar> = Arc::new(settings.calendar()?);
    let public_url = match settings.server.public_url.trim_end_matches('/') {
        "" => format!("http://{address}"),
        url => url.to_owned(),
    };
    let documents = Arc::new(document_store(settings, &public_url)?);
    Ok(State {
        customers: Customers {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            calendar: Arc::clone(&calendar),
            ids: Arc::clone(&ids),
        },
        credentials: Arc::new(Credentials {
            store: Arc::clone(&store),
            identity_system: Arc::new(InProcessIdentitySystem::default()),
            notifier: Arc::new(LogNotifier),
            clock: Arc::clone(&clock),
            calendar: Arc::clone(&calendar),
            ids: Arc::clone(&ids),
        }),
        accounts: Accounts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            calendar: Arc::clone(&calendar),
            ids: Arc::clone(&ids),
            policy: settings.account_policy()?,
        },
        promotions: Promotions {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            calendar: Arc::clone(&calendar),
            ids,
        },
        tokenizations: Arc::new(Tokenizations {
            store: Arc::clone(&store),
            gateway: payment_gateway(settings, Arc::clone(&clock)),
            clock: Arc::clone(&clock),
            calendar,
            policy: settings.tokenization_policy(),
        }),
        categories: Categories { store: Arc::clone(&store), clock: Arc::clone(&clock) },
        special_treatments: SpecialTreatments { store: Arc::clone(&store), clock: Arc::clone(&clock) },
        contracts: Contracts { store: Arc::clone(&store), clock: Arc::clone(&clock) },
        identification_processes: IdentificationProcesses {
            store: Arc::clone(&store),
            documents: documents.clone(),
            clock: Arc::clone(&clock),
            url_lifetime: settings.document_url_lifetime(),
        },
        documents,
        store,
        clock,
        verifier,
        roles: settings.role_table(),
        public_url,
    })
}

fn verifier(settings: &Settings) -> Result<Verifier> {
    let keys = match configured_keys(settings)? {
        Some(keys) => keys,
        None => DevelopmentKey::load_or_create(&settings.data_dir)?.jwks()?,
    };
    let given = |value: &String| (!value.is_empty()).then(|| value.clone());
    Ok(Verifier::new(keys, given(&settings.auth.issuer), given(&settings.auth.audience)))
}

/// The keys of the JWKS file, if one is configured.
pub(crate) fn configured_keys(settings: &Settings) -> Result<Option<Jwks>> {
    let path = &settings.auth.jwks;
    if path.is_empty() {
        return Ok(None);
    }
    let document = fs::read(path).with_context(|| format!("auth.jwks: cannot read {path}"))?;
    Jwks::parse(&document).map(Some).with_context(|| format!("auth.jwks: {path}"))
}
