//! What several answers have in common.

use domain::ExternalId;
use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};
use uuid::Uuid;

const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// RFC 3339 in UTC, with milliseconds unless they are zero.
pub(crate) fn date_time(instant: OffsetDateTime) -> String {
    let format = if instant.millisecond() == 0 { SECONDS } else { MILLISECONDS };
    instant.to_offset(UtcOffset::UTC).format(format).unwrap_or_default()
}

/// `yyyy-MM-dd`.
pub(crate) fn date(date: Date) -> String {
    date.to_string()
}

#[derive(Serialize)]
pub(crate) struct Id {
    pub(crate) id: Uuid,
}

#[derive(Serialize)]
pub(crate) struct IdAndExternalId {
    id: Uuid,
    external_id: Option<String>,
}

impl IdAndExternalId {
    pub(crate) fn new(id: Uuid, external_id: Option<ExternalId>) -> Self {
        Self { id, external_id: external_id.map(|external_id| external_id.as_str().to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn instants_are_utc_with_at_most_milliseconds() {
        assert_eq!(date_time(datetime!(2022-01-01 01:01:01 UTC)), "2022-01-01T01:01:01Z");
        assert_eq!(date_time(datetime!(2022-01-01 01:01:01.000999 UTC)), "2022-01-01T01:01:01Z");
        assert_eq!(date_time(datetime!(2022-01-01 01:01:01.020999 UTC)), "2022-01-01T01:01:01.020Z");
        assert_eq!(date_time(datetime!(2022-01-01 01:01:01 +02:00)), "2021-12-31T23:01:01Z");
    }
}
