use std::sync::Arc;

use domain::{
    AuditEntry, Credential, CredentialError, CredentialEvent, CredentialId, Customer, CustomerId,
    ExpirationDate, Language, LoginEmail, OrgId,
};
use time::{Date, OffsetDateTime};

use crate::customers::load;
use crate::outbox::{EffectError, finish};
use crate::ports::{
    Calendar, Clock, CredentialRef, Effect, IdentitySystem, Ids, Login, LoginChange, Notice, NoticeKind,
    Notifier, OutboxEntry, Store, StoreError, UnitOfWork,
};
use crate::{Error, Resource, Scope};

/// The use cases of credentials.
pub struct Credentials {
    /// Where credentials are kept.
    pub store: Arc<dyn Store>,
    /// Lets customers log in.
    pub identity_system: Arc<dyn IdentitySystem>,
    /// Writes to customers.
    pub notifier: Arc<dyn Notifier>,
    /// Tells when a change is made.
    pub clock: Arc<dyn Clock>,
    /// Tells on which day a credential has expired.
    pub calendar: Arc<dyn Calendar>,
    /// Gives new credentials their ids.
    pub ids: Arc<dyn Ids>,
}

/// How a credential comes into being.
type Create = fn(CredentialId, &Customer, LoginEmail, OffsetDateTime) -> Result<Credential, CredentialError>;

impl Credentials {
    /// The present day.
    #[must_use]
    pub fn today(&self) -> Date {
        self.calendar.day_of(self.clock.now())
    }

    /// The credentials of a customer that have neither ended nor expired; at most one.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_customer(&self, org: &OrgId, customer: CustomerId) -> Result<Vec<CredentialRef>, Error> {
        let credentials = self.store.credentials_of(org, customer, self.today()).await?;
        credentials.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Reserves a user name for a customer.
    ///
    /// # Errors
    /// Not found, a customer that has ended, or a duplicate: the customer has a credential, or another has the user name.
    pub async fn reserve(
        &self,
        scope: &Scope,
        customer: CustomerId,
        username: LoginEmail,
    ) -> Result<CredentialId, Error> {
        self.create(scope, customer, username, Credential::reserve).await
    }

    /// Records a login that the identity system already has. Neither it nor the customer is told.
    ///
    /// # Errors
    /// Those of [`Credentials::reserve`].
    pub async fn migrate(
        &self,
        scope: &Scope,
        customer: CustomerId,
        username: LoginEmail,
    ) -> Result<CredentialId, Error> {
        self.create(scope, customer, username, Credential::migrate).await
    }

    async fn create(
        &self,
        scope: &Scope,
        customer: CustomerId,
        username: LoginEmail,
        create: Create,
    ) -> Result<CredentialId, Error> {
        let (mut work, customer) = load(&*self.store, scope, customer).await?;
        let (now, today) = self.moment();
        let credential = create(self.ids.credential_id(), &customer, username, now)?;
        let data = credential.data();
        let unended = work.credentials().unended(data.customer_id, Some(&data.username)).await?;
        let mut changes = end_expired(&mut *work, unended, today, now).await?;
        work.credentials().insert(&credential).await?;
        changes.push((&credential).into());
        work.commit(now, &changes).await?;
        Ok(data.id)
    }

    /// Sets the last day on which the credential of a customer counts, or that there is none. Setting what it already is
    /// changes nothing.
    ///
    /// # Errors
    /// Not found, also without a live credential, or a customer that has ended.
    pub async fn expire_on(
        &self,
        scope: &Scope,
        customer: CustomerId,
        expiration: Option<ExpirationDate>,
    ) -> Result<(), Error> {
        let (mut work, customer) = self.load_live(scope, customer).await?;
        let (now, today) = self.moment();
        let mut credential = own(work.credentials().unended(customer.data().id, None).await?, &customer)?.0;
        if credential.expire_on(expiration, today, now)? {
            let change = update(&mut *work, &credential, now).await?;
            work.commit(now, &[change]).await?;
        }
        Ok(())
    }

    /// Gives the credential of a customer another user name. The name that it already has, in the same spelling, changes nothing.
    ///
    /// # Errors
    /// Not found, also without a live credential, a customer that has ended, or a duplicate of another's user name.
    pub async fn change_username(
        &self,
        scope: &Scope,
        customer: CustomerId,
        username: LoginEmail,
    ) -> Result<(), Error> {
        let (mut work, customer) = self.load_live(scope, customer).await?;
        let (now, today) = self.moment();
        let unended = work.credentials().unended(customer.data().id, Some(&username)).await?;
        let (mut credential, others) = own(unended, &customer)?;
        if credential.rename(username, today, now)? {
            let mut changes = end_expired(&mut *work, others, today, now).await?;
            changes.push(update(&mut *work, &credential, now).await?);
            for notice in notices(&credential, customer.data().preferred_language) {
                work.outbox().add(customer.data().id, &Effect::Notify(notice), now).await?;
            }
            work.commit(now, &changes).await?;
        }
        Ok(())
    }

    /// Asks the identity system for the login of a customer's credential. Asking again changes nothing.
    ///
    /// # Errors
    /// Not found, also without a live credential, or a customer that has ended.
    pub async fn activate(&self, scope: &Scope, customer: CustomerId) -> Result<(), Error> {
        let (mut work, customer) = self.load_live(scope, customer).await?;
        let (now, today) = self.moment();
        let mut credential = own(work.credentials().unended(customer.data().id, None).await?, &customer)?.0;
        if credential.request_activation(today, now)? {
            let change = update(&mut *work, &credential, now).await?;
            work.commit(now, &[change]).await?;
        }
        Ok(())
    }

    /// Ends a credential of a customer.
    ///
    /// # Errors
    /// Not found, also when it is another customer's or has ended, or a customer that has ended.
    pub async fn end(&self, scope: &Scope, customer: CustomerId, id: CredentialId) -> Result<(), Error> {
        let (mut work, customer) = load(&*self.store, scope, customer).await?;
        let credential = work.credentials().find(id).await?;
        let own = credential.filter(|credential| credential.data().customer_id == customer.data().id);
        let mut credential = own.ok_or(Error::NotFound(Resource::Credential))?;
        customer.check_live()?;
        let now = self.clock.now();
        if !credential.end(now) {
            return Err(Error::NotFound(Resource::Credential));
        }
        let change = update(&mut *work, &credential, now).await?;
        Ok(work.commit(now, &[change]).await?)
    }

    /// Carries out a claimed entry of the outbox that changes a login, and what follows from it.
    ///
    /// # Errors
    /// The identity system fails, or the store; the entry stays then, and everything may be repeated.
    pub async fn change_login(&self, entry: &OutboxEntry, change: &LoginChange) -> Result<(), EffectError> {
        match change {
            LoginChange::Provision(login) => self.identity_system.provision(&entry.org, login).await?,
            LoginChange::Rename { login, to } => self.identity_system.rename(&entry.org, login, to).await?,
            LoginChange::Disable(login) => self.identity_system.disable(&entry.org, login).await?,
        }
        let mut work = self.store.begin(&Scope::of_entry(entry)).await?;
        let (now, mut changes) = (self.clock.now(), Vec::new());
        if let LoginChange::Provision(login) = change
            && let Some(mut credential) = work.credentials().find(login.credential_id).await?
            && credential.confirm_activation(now)
        {
            changes.push(update(&mut *work, &credential, now).await?);
        }
        work.outbox().finish(entry).await?;
        Ok(work.commit(now, &changes).await?)
    }

    /// Carries out a claimed entry of the outbox that is a notice.
    ///
    /// # Errors
    /// The notifier fails, or the store; the entry stays then, and everything may be repeated.
    pub async fn notify(&self, entry: &OutboxEntry, notice: &Notice) -> Result<(), EffectError> {
        self.notifier.notify(notice).await?;
        finish(&*self.store, entry, self.clock.now()).await.map(drop)
    }

    fn moment(&self) -> (OffsetDateTime, Date) {
        let now = self.clock.now();
        (now, self.calendar.day_of(now))
    }

    /// A customer, for what needs a live credential, which an ended customer cannot have.
    async fn load_live(
        &self,
        scope: &Scope,
        id: CustomerId,
    ) -> Result<(Box<dyn UnitOfWork>, Customer), Error> {
        let (work, customer) = load(&*self.store, scope, id).await?;
        customer.check_live()?;
        Ok((work, customer))
    }
}

/// The credential of this customer, and the others.
fn own(
    mut credentials: Vec<Credential>,
    customer: &Customer,
) -> Result<(Credential, Vec<Credential>), Error> {
    let is_own = |credential: &Credential| credential.data().customer_id == customer.data().id;
    let own = credentials.iter().position(is_own).ok_or(Error::NotFound(Resource::Credential))?;
    Ok((credentials.swap_remove(own), credentials))
}

/// Ends those that have expired, so that the store's uniqueness rules, which know no calendar, let others have what was theirs.
async fn end_expired(
    work: &mut dyn UnitOfWork,
    credentials: Vec<Credential>,
    today: Date,
    now: OffsetDateTime,
) -> Result<Vec<AuditEntry>, Error> {
    let mut changes = Vec::new();
    for mut credential in credentials {
        if credential.end_if_expired(today, now) {
            changes.push(update(work, &credential, now).await?);
        }
    }
    Ok(changes)
}

/// Writes a credential, and what the identity system has to be told of it.
pub(crate) async fn update(
    work: &mut dyn UnitOfWork,
    credential: &Credential,
    now: OffsetDateTime,
) -> Result<AuditEntry, StoreError> {
    work.credentials().update(credential).await?;
    for change in login_changes(credential) {
        work.outbox().add(credential.data().customer_id, &Effect::Login(change), now).await?;
    }
    Ok(credential.into())
}

fn login_changes(credential: &Credential) -> impl Iterator<Item = LoginChange> {
    let data = credential.data();
    let login = |username: &LoginEmail| Login { credential_id: data.id, username: username.clone() };
    credential.events().iter().filter_map(move |event| match event {
        CredentialEvent::ActivationRequested => Some(LoginChange::Provision(login(&data.username))),
        CredentialEvent::LoginRenamed { from } => {
            Some(LoginChange::Rename { login: login(from), to: data.username.clone() })
        }
        CredentialEvent::LoginDisabled => Some(LoginChange::Disable(login(&data.username))),
        CredentialEvent::UsernameChanged { .. } => None,
    })
}

/// What a customer is told. Where only the spelling of the user name has changed, the old address is the new one.
fn notices(credential: &Credential, language: Language) -> Vec<Notice> {
    let new = &credential.data().username;
    let notice = |to: &LoginEmail, kind| Notice { to: to.clone(), language, kind };
    let mut notices = Vec::new();
    for event in credential.events() {
        if let CredentialEvent::UsernameChanged { from } = event {
            let is_another = from.folded() != new.folded();
            notices.extend(is_another.then(|| notice(from, NoticeKind::FormerUsername)));
            notices.push(notice(new, NoticeKind::NewUsername));
        }
    }
    notices
}
