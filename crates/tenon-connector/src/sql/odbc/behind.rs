//! What stands behind a driver, as far as its SQL differs from the standard's.

use std::time::Duration;

/// The products whose ways are known; every other is spoken to as the standard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sql) enum Product {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
    SqlServer,
    Oracle,
    #[default]
    Other,
}

/// A database behind a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sql) struct Behind {
    pub(super) product: Product,
    quote: Option<char>,
}

impl Behind {
    /// By the name that the database gives itself, and the mark around names that its driver states.
    pub(super) fn new(name: &str, quote: Option<char>) -> Self {
        let name = name.to_ascii_lowercase();
        let known = [
            ("postgresql", Product::Postgres),
            ("mysql", Product::MySql),
            ("mariadb", Product::MySql),
            ("sqlite", Product::Sqlite),
            ("microsoft sql server", Product::SqlServer),
            ("oracle", Product::Oracle),
        ];
        let product = known
            .into_iter()
            .find(|(prefix, _)| name.starts_with(prefix))
            .map_or(Product::Other, |(_, product)| product);
        // A blank means that names cannot be quoted.
        let quote = quote.filter(|mark| !mark.is_whitespace());
        Self { product, quote }
    }

    /// The mark around names.
    pub(in crate::sql) fn quote(self) -> char {
        self.quote.unwrap_or('"')
    }

    pub(in crate::sql) fn is_sqlite(self) -> bool {
        self.product == Product::Sqlite
    }

    /// What follows SELECT, and what ends it, so that it gives no more than `most` rows.
    pub(in crate::sql) fn limit(self, most: usize) -> (String, String) {
        let nothing = String::new;
        match self.product {
            Product::SqlServer => (format!("top ({most}) "), nothing()),
            Product::MySql | Product::Sqlite => (nothing(), format!(" limit {most}")),
            // SQL:2008. Oracle knows it since 12c.
            Product::Postgres | Product::Oracle | Product::Other => {
                (nothing(), format!(" fetch first {most} rows only"))
            }
        }
    }
}

impl Product {
    /// What a new connection is told first: times are in UTC, numbers have a point, a value that does
    /// not fit is refused, and nobody waits for a lock much longer than we do.
    pub(super) fn welcome(self, timeout: Duration) -> Option<String> {
        let (milliseconds, seconds) = (timeout.as_millis(), timeout.as_secs().max(1));
        match self {
            Self::Postgres => Some(format!(
                "set time zone 'UTC'; set statement_timeout = {milliseconds}"
            )),
            Self::MySql => Some(format!(
                "set session time_zone = '+00:00', \
                 session sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES'), \
                 session innodb_lock_wait_timeout = {seconds}"
            )),
            Self::Sqlite => Some(format!("pragma busy_timeout = {milliseconds}")),
            Self::SqlServer => Some(format!("set lock_timeout {milliseconds}")),
            Self::Oracle => {
                Some("alter session set time_zone = 'UTC' nls_numeric_characters = '.,'".to_owned())
            }
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_has_its_ways() {
        let check = |name: &str, quote: char, expected: (&str, &str)| {
            let behind = Behind::new(name, Some(quote));
            assert_eq!(behind.quote(), quote);
            let (after, end) = behind.limit(5);
            assert_eq!((after.as_str(), end.as_str()), expected, "{name}");
        };
        check("PostgreSQL", '"', ("", " fetch first 5 rows only"));
        check("MariaDB", '`', ("", " limit 5"));
        check("SQLite", '"', ("", " limit 5"));
        check("Microsoft SQL Server", '"', ("top (5) ", ""));
        check("Oracle", '"', ("", " fetch first 5 rows only"));
        check("DB2/LINUXX8664", '"', ("", " fetch first 5 rows only"));
        assert_eq!(Behind::new("Something", Some(' ')).quote(), '"');
    }
}
