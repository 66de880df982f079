//! The changes of the tables, in their order. Each has a file of one name for either database.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The files' names and texts of one database.
macro_rules! files {
    (of $engine:literal: $($name:literal,)*) => {
        [$(($name, include_str!(concat!("../migrations/", $engine, "/", $name, ".sql")))),*]
    };
    ($engine:literal) => {
        files!(of $engine:
            "0001_hub",
            "0002_likeness",
            "0003_merges",
            "0004_reviews",
            "0005_claims",
            "0006_hierarchy",
            "0007_access",
            "0008_founding",
            "0009_life",
            "0010_insight",
            "0011_pauses",
            "0012_parking",
            "0013_care",
            "0014_bi",
            "0015_items",
            "0016_dealers",
            "0017_tallies",
            "0018_names",
            "0019_bom_changes",
            "0020_sold_units",
            "0021_searches",
            "0022_figures",
            "0023_nodes",
            "0024_deliveries",
            "0025_parked",
            "0026_audit",
            "0027_causes",
            "0028_node_facts",
            "0029_scores",
            "0030_node_pulse",
            "0031_alike",
            "0032_course",
            "0033_product_months",
            "0034_sent",
            "0035_token_scopes",
            "0036_customers",
            "0037_contracts",
        )
    };
}

/// Those of PostgreSQL.
pub(crate) fn postgres() -> Migrator {
    migrator(&files!("postgres"))
}

/// Those of SQLite.
pub(crate) fn sqlite() -> Migrator {
    migrator(&files!("sqlite"))
}

fn migrator(files: &[(&'static str, &'static str)]) -> Migrator {
    let migrations = (1..).zip(files).map(|(version, (name, text))| {
        let name = name.split_once('_').map_or(*name, |(_, name)| name);
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_file_is_numbered_as_it_stands() {
        for files in [&files!("postgres"), &files!("sqlite")] {
            for (number, (name, _)) in (1..).zip(files) {
                assert_eq!(
                    name.split_once('_').unwrap().0,
                    format!("{number:04}"),
                    "{name}"
                );
            }
        }
    }
}
