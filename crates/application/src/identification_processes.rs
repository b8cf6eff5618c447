use std::sync::Arc;

use domain::{CustomerId, IdentificationProcess, IdentificationProcessId, OrgId};
use time::{Duration, OffsetDateTime};

use crate::ports::{Clock, DocumentStore, IdentificationProcessEntry, Store};
use crate::{Error, Resource};

/// The use cases of identification processes.
pub struct IdentificationProcesses {
    /// Where processes are kept.
    pub store: Arc<dyn Store>,
    /// Where their documents are kept.
    pub documents: Arc<dyn DocumentStore>,
    /// Tells when the URL of a document is made.
    pub clock: Arc<dyn Clock>,
    /// How long it works.
    pub url_lifetime: Duration,
}

/// An identification process with a way to its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentificationProcessView {
    /// The process.
    pub process: IdentificationProcess,
    /// Under which everybody can fetch its document.
    pub public_url: String,
    /// When the URL stops working.
    pub url_expiration_date: OffsetDateTime,
}

impl IdentificationProcesses {
    /// All processes of a customer, live or ended, newest first.
    ///
    /// # Errors
    /// Not found.
    pub async fn of_customer(
        &self,
        org: &OrgId,
        customer: CustomerId,
    ) -> Result<Vec<IdentificationProcessEntry>, Error> {
        let processes = self.store.identification_processes_of(org, customer).await?;
        processes.ok_or(Error::NotFound(Resource::Customer))
    }

    /// Reads a process of a customer, live or ended, and makes a URL for its document.
    ///
    /// # Errors
    /// Not found, also when it is another customer's, or a document store that cannot make the URL.
    pub async fn get(
        &self,
        org: &OrgId,
        customer: CustomerId,
        id: IdentificationProcessId,
    ) -> Result<IdentificationProcessView, Error> {
        let process = self.store.identification_process(org, customer, id).await?;
        let process = process.ok_or(Error::NotFound(Resource::IdentificationProcess))?;
        // URLs count in whole seconds; what is shown is when it does stop working.
        let url_expiration_date = (self.clock.now() + self.url_lifetime).truncate_to_second();
        let public_url = self.documents.signed_url(org, &process.document, url_expiration_date).await?;
        Ok(IdentificationProcessView { process, public_url, url_expiration_date })
    }
}
