use std::collections::HashSet;
use std::sync::Arc;

use application::ports::{
    Bulk, Cards, Constraint, Contracts, Credentials, Customers, IdentificationProcesses, ImportedLine,
    KnownAccount, KnownCustomer, Promotions, StoreError,
};
use async_trait::async_trait;
use domain::{
    AccountId, Card, Category, CategoryData, Contract, Credential, Customer, CustomerData, CustomerId,
    ExternalId, GatewayToken, IdentificationProcess, ImportKind, ImportedAccount, Promotion,
};
use time::{Date, OffsetDateTime};

use super::{AccountRow, Unit};

fn known_customer(data: &CustomerData) -> KnownCustomer {
    KnownCustomer { id: data.id, external_id: data.external_id.clone(), is_live: data.ended_at.is_none() }
}

fn known_account(row: &AccountRow) -> KnownAccount {
    KnownAccount {
        id: row.data.id,
        external_id: row.data.external_id.clone(),
        customer_id: row.data.customer_id,
        is_live: row.data.ended_at.is_none(),
    }
}

#[async_trait]
impl Bulk for Unit {
    async fn mark(&mut self) -> Result<(), StoreError> {
        self.mark = Some(Arc::clone(&self.organisation));
        Ok(())
    }

    async fn back_to_mark(&mut self) -> Result<(), StoreError> {
        let mark = self.mark.clone().ok_or_else(|| super::unexpected("no mark"))?;
        self.organisation = mark;
        Ok(())
    }

    async fn imported(&mut self, lines: &[(ImportKind, &str)]) -> Result<Vec<ImportedLine>, StoreError> {
        let wanted: HashSet<&(ImportKind, &str)> = lines.iter().collect();
        let lines = self.organisation.imported_lines.iter();
        Ok(lines.filter(|line| wanted.contains(&(line.kind, &*line.key))).cloned().collect())
    }

    async fn remember(&mut self, lines: &[ImportedLine], _now: OffsetDateTime) -> Result<(), StoreError> {
        self.writable().imported_lines.extend_from_slice(lines);
        Ok(())
    }

    async fn customers(&mut self, ids: &[CustomerId]) -> Result<Vec<KnownCustomer>, StoreError> {
        let rows = ids.iter().filter_map(|id| self.organisation.customers.get(id));
        Ok(rows.map(|row| known_customer(&row.data)).collect())
    }

    async fn customers_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownCustomer>, StoreError> {
        let known = self.organisation.customers.values().map(|row| known_customer(&row.data));
        let is_wanted = |known: &KnownCustomer| {
            known.is_live == live && known.external_id.as_ref().is_some_and(|id| ids.contains(id))
        };
        Ok(known.filter(is_wanted).collect())
    }

    async fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<KnownAccount>, StoreError> {
        Ok(ids.iter().filter_map(|id| self.organisation.accounts.get(id)).map(known_account).collect())
    }

    async fn accounts_by_external_id(
        &mut self,
        ids: &[ExternalId],
        live: bool,
    ) -> Result<Vec<KnownAccount>, StoreError> {
        let known = self.organisation.accounts.values().map(known_account);
        let is_wanted = |known: &KnownAccount| {
            known.is_live == live && known.external_id.as_ref().is_some_and(|id| ids.contains(id))
        };
        Ok(known.filter(is_wanted).collect())
    }

    async fn cards(
        &mut self,
        tokens: &[GatewayToken],
    ) -> Result<Vec<(GatewayToken, CustomerId)>, StoreError> {
        let cards = tokens.iter().filter_map(|token| self.organisation.cards.get(token));
        Ok(cards.map(|card| (card.token_id.clone(), card.customer_id)).collect())
    }

    async fn live_promotions(
        &mut self,
        accounts: &[AccountId],
        today: Date,
    ) -> Result<Vec<Promotion>, StoreError> {
        Ok(accounts.iter().flat_map(|id| self.organisation.live_promotions(*id, today)).collect())
    }

    async fn insert_customers(&mut self, customers: &[Customer]) -> Result<(), StoreError> {
        for customer in customers {
            Customers::insert(self, customer).await?;
        }
        Ok(())
    }

    async fn insert_accounts(&mut self, accounts: &[ImportedAccount]) -> Result<(), StoreError> {
        for imported in accounts {
            let mut data = imported.account.data().clone();
            self.organisation.check_customer(data.customer_id)?;
            if self.organisation.accounts.contains_key(&data.id) {
                return Err(StoreError::Duplicate(Constraint::Id));
            }
            data.external_id.get_or_insert_with(|| self.shared.account_numbers.next());
            let row = AccountRow {
                data,
                payment_methods: imported.payment_methods.clone(),
                billing_addresses: imported.billing_addresses.clone(),
            };
            self.writable().accounts.insert(row.data.id, row);
        }
        Ok(())
    }

    async fn insert_cards(&mut self, cards: &[Card]) -> Result<(), StoreError> {
        for card in cards {
            Cards::insert(self, card).await?;
        }
        Ok(())
    }

    async fn insert_contracts(&mut self, contracts: &[Contract]) -> Result<(), StoreError> {
        for contract in contracts {
            Contracts::insert(self, contract).await?;
        }
        Ok(())
    }

    async fn insert_identification_processes(
        &mut self,
        processes: &[IdentificationProcess],
    ) -> Result<(), StoreError> {
        for process in processes {
            IdentificationProcesses::insert(self, process).await?;
        }
        Ok(())
    }

    async fn insert_promotions(&mut self, promotions: &[Promotion]) -> Result<(), StoreError> {
        for promotion in promotions {
            Promotions::insert(self, promotion).await?;
        }
        Ok(())
    }

    async fn insert_categories(&mut self, categories: &[Category]) -> Result<(), StoreError> {
        let organisation = self.writable();
        for category in categories {
            let data = category.data();
            let is_taken = |other: &CategoryData| other.ended_at.is_none() && other.name == data.name;
            if organisation.categories.contains_key(&data.id) {
                return Err(StoreError::Duplicate(Constraint::Id));
            }
            if organisation.categories.values().any(is_taken) {
                return Err(StoreError::Duplicate(Constraint::LiveCategoryName));
            }
            organisation.last_category_id = organisation.last_category_id.max(data.id.0);
            organisation.categories.insert(data.id, data.clone());
        }
        Ok(())
    }

    async fn insert_credentials(&mut self, credentials: &[Credential]) -> Result<(), StoreError> {
        for credential in credentials {
            Credentials::insert(self, credential).await?;
        }
        Ok(())
    }
}
