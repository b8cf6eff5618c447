use std::path::Path;
use std::sync::Arc;

use application::ports::{DocumentStore, DocumentStoreError, Store};
use application::{Error, IdentificationProcesses, Resource};
use async_trait::async_trait;
use domain::{DocumentKey, OrgId, StoredDocument};
use mockall::mock;
use testkit::fixtures::{
    NOW, customer, customer_id, identification_process, identification_process_id, nif, org,
    private_customer, scope,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::{World, assert_refused, stranger};

mock! {
    /// A document store that fails the test when it is called without being expected to be.
    pub(crate) Documents {}

    #[async_trait]
    impl DocumentStore for Documents {
        async fn put(&self, org: &OrgId, key: &DocumentKey, file: &Path) -> Result<u64, DocumentStoreError>;
        async fn signed_url(
            &self,
            org: &OrgId,
            document: &StoredDocument,
            expires_at: OffsetDateTime,
        ) -> Result<String, DocumentStoreError>;
    }
}

impl World {
    fn identification_processes(&self, documents: MockDocuments) -> IdentificationProcesses {
        IdentificationProcesses {
            store: Arc::new(self.store.clone()),
            documents: Arc::new(documents),
            clock: self.clock.clone(),
            url_lifetime: Duration::minutes(5),
        }
    }

    /// Brings two customers, and the process `1` of the first.
    async fn bring_process(&self) {
        for n in [1, 2] {
            self.bring(&customer(n, private_customer(&nif(n)))).await;
        }
        let mut work = self.store.begin(&scope()).await.unwrap();
        work.identification_processes().insert(&identification_process(1, customer_id(1))).await.unwrap();
        work.commit(NOW, &[]).await.unwrap();
    }
}

#[tokio::test]
async fn the_url_stops_working_in_a_whole_second() {
    let world = World::default();
    world.bring_process().await;
    let expires = datetime!(2026-03-14 10:35:00 UTC);
    let process = identification_process(1, customer_id(1));
    let document = process.document.clone();
    let mut documents = MockDocuments::new();
    documents
        .expect_signed_url()
        .withf(move |own, given, at| (own, given, *at) == (&org(), &document, expires))
        .returning(|_, _, _| Ok("https://x".to_owned()));
    let processes = world.identification_processes(documents);
    let view = processes.get(&org(), customer_id(1), identification_process_id(1)).await.unwrap();
    assert_eq!((view.process, &*view.public_url, view.url_expiration_date), (process, "https://x", expires));
}

#[tokio::test]
async fn no_url_is_made_for_what_is_not_there() {
    let world = World::default();
    world.bring_process().await;
    let processes = world.identification_processes(MockDocuments::new());
    for (org, customer, process) in [(org(), 2, 1), (org(), 3, 1), (org(), 1, 2), (stranger().org, 1, 1)] {
        let got = processes.get(&org, customer_id(customer), identification_process_id(process)).await;
        assert_refused!(got, Error::NotFound(Resource::IdentificationProcess));
    }
    assert_refused!(processes.of_customer(&org(), customer_id(3)).await, Error::NotFound(Resource::Customer));
    assert_eq!(processes.of_customer(&org(), customer_id(2)).await.unwrap(), []);
    assert_eq!(processes.of_customer(&org(), customer_id(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_that_fails_is_told() {
    let world = World::default();
    world.bring_process().await;
    let mut documents = MockDocuments::new();
    documents
        .expect_signed_url()
        .returning(|_, _, _| Err(DocumentStoreError::Unavailable("no network".into())));
    let processes = world.identification_processes(documents);
    let got = processes.get(&org(), customer_id(1), identification_process_id(1)).await;
    assert_refused!(got, Error::DocumentStore(DocumentStoreError::Unavailable(_)));
}
