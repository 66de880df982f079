//! Databases of a test's own, in whichever of the three kinds.

use crate::servers::{PostgresSchema, SqliteFile, postgres_schema, postgres_url, sqlite_file};

/// Where MySQL or MariaDB listens, unless `TENON_TEST_MYSQL_URL` names another place.
const MYSQL_URL: &str = "mysql://root@127.0.0.1:3306/test";

/// A schema or database of one test in a real server, or a file of its own; dropping it deletes it.
pub(crate) enum TestDatabase {
    Postgres {
        url: String,
        pool: sqlx::PgPool,
        _schema: PostgresSchema,
    },
    MySql {
        url: String,
        database: String,
        pool: sqlx::MySqlPool,
    },
    Sqlite {
        url: String,
        pool: sqlx::SqlitePool,
        _file: SqliteFile,
    },
}

/// The URL of the MySQL or MariaDB under test.
pub(crate) fn mysql_url() -> String {
    std::env::var("TENON_TEST_MYSQL_URL").unwrap_or_else(|_| MYSQL_URL.to_owned())
}

/// A new schema in PostgreSQL; its URL finds tables in it without naming it.
pub(crate) async fn postgres_database() -> TestDatabase {
    let schema = postgres_schema();
    let url = schema.url();
    let pool = sqlx::PgPool::connect(&url).await.unwrap_or_else(|error| {
        panic!("PostgreSQL does not answer at {}: {error}", postgres_url())
    });
    TestDatabase::Postgres {
        url,
        pool,
        _schema: schema,
    }
}

/// A new database in MySQL or MariaDB.
pub(crate) async fn mysql_database() -> TestDatabase {
    let server = mysql_url();
    let database = format!("tenon_test_{}", uuid::Uuid::now_v7().simple());
    let unreachable = |error: sqlx::Error| -> ! {
        panic!("MariaDB does not answer at {server}: {error}; start it or set TENON_TEST_MYSQL_URL")
    };
    let admin = match sqlx::MySqlPool::connect(&server).await {
        Ok(admin) => admin,
        Err(error) => unreachable(error),
    };
    let create = format!("create database {database} character set utf8mb4");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create))
        .execute(&admin)
        .await
        .expect("a new database");
    let (before, _) = server
        .rsplit_once('/')
        .expect("the URL ends with a database");
    let url = format!("{before}/{database}");
    let pool = match sqlx::MySqlPool::connect(&url).await {
        Ok(pool) => pool,
        Err(error) => unreachable(error),
    };
    TestDatabase::MySql {
        url,
        database,
        pool,
    }
}

/// A new SQLite database in a file of its own.
pub(crate) async fn sqlite_database() -> TestDatabase {
    let file = sqlite_file();
    let url = format!("sqlite:{}", file.path().display());
    let pool = sqlx::SqlitePool::connect(&format!("{url}?mode=rwc"))
        .await
        .expect("a SQLite file");
    TestDatabase::Sqlite {
        url,
        pool,
        _file: file,
    }
}

/// The same database, reached by its ODBC driver.
#[cfg(feature = "odbc")]
pub(crate) async fn by_odbc(mut database: TestDatabase) -> TestDatabase {
    let schema = match &database {
        TestDatabase::Postgres { .. } => database.texts("select current_schema()::text").await,
        _ => Vec::new(),
    };
    match &mut database {
        TestDatabase::Postgres { url, .. } => {
            let more = format!(
                "BoolsAsChar=0;ConnSettings={{set search_path to {}}}",
                schema.join(",")
            );
            *url = odbc_url("PostgreSQL Unicode", &postgres_url(), &more);
        }
        TestDatabase::MySql { url, .. } => {
            *url = odbc_url("MariaDB Unicode", url, "charset=utf8mb4")
        }
        TestDatabase::Sqlite { url, .. } => {
            let file = url.trim_start_matches("sqlite:");
            *url = format!("odbc:Driver={{SQLite3}};Database={file}");
        }
    }
    database
}

/// What `scheme://user:password@host:port/database` is to a driver manager.
#[cfg(feature = "odbc")]
fn odbc_url(driver: &str, url: &str, more: &str) -> String {
    let (_, rest) = url.split_once("://").expect("a URL with a scheme");
    let (authority, database) = rest.split_once('/').expect("a URL with a database");
    let database = database.split('?').next().unwrap_or_default();
    let (who, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    let (host, port) = place.split_once(':').expect("a URL with a port");
    let password = match password {
        "" => String::new(),
        password => format!("PWD=${{command:printf %s {password}}};"),
    };
    format!(
        "odbc:Driver={{{driver}}};Server={host};Port={port};Database={database};UID={user};{password}{more}"
    )
}

impl TestDatabase {
    /// What a connector file says to reach it.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Postgres { url, .. } | Self::MySql { url, .. } | Self::Sqlite { url, .. } => url,
        }
    }

    /// Executes one or more statements.
    pub(crate) async fn run(&self, sql: &str) {
        let text = sqlx::AssertSqlSafe(sql.to_owned());
        let outcome = match self {
            Self::Postgres { pool, .. } => sqlx::raw_sql(text).execute(pool).await.map(|_| ()),
            Self::MySql { pool, .. } => sqlx::raw_sql(text).execute(pool).await.map(|_| ()),
            Self::Sqlite { pool, .. } => sqlx::raw_sql(text).execute(pool).await.map(|_| ()),
        };
        outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The texts of a query's first column; the query must select text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let text = sqlx::AssertSqlSafe(sql.to_owned());
        let outcome = match self {
            Self::Postgres { pool, .. } => sqlx::query_scalar(text).fetch_all(pool).await,
            Self::MySql { pool, .. } => sqlx::query_scalar(text).fetch_all(pool).await,
            Self::Sqlite { pool, .. } => sqlx::query_scalar(text).fetch_all(pool).await,
        };
        outcome.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Self::MySql { database, .. } = self else {
            return;
        };
        let sql = format!("drop database if exists {database}");
        // A database that is left over disturbs no other test, so failures are passed over.
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                if let Ok(pool) = sqlx::MySqlPool::connect(&mysql_url()).await {
                    let _ = sqlx::raw_sql("set lock_wait_timeout = 5")
                        .execute(&pool)
                        .await;
                    let _ = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await;
                }
            });
        });
        let _ = deleting.join();
    }
}
