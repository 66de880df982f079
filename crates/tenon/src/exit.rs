//! How a command ends: the exit codes that scripts rely on.

use std::process::ExitCode;

use tenon_api::Problem;
use tenon_broker::BrokerError;
use tenon_core::{ConfigProblem, Failure, FailureKind};
use tenon_store::StoreError;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Exit {
    /// 1: it failed while running.
    Runtime(String),
    /// 2: validation found problems; they have been shown already.
    Problems,
    /// 3: something outside cannot be reached or opened.
    Environment(String),
}

impl Exit {
    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::Runtime(message.into())
    }

    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self::Environment(message.into())
    }

    /// Shows configuration problems, all of them, and ends with 2.
    pub(crate) fn problems(problems: &[ConfigProblem]) -> Self {
        for problem in problems {
            crate::output::talk(&format!("{problem}"));
        }
        crate::output::talk(&match problems.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        });
        Self::Problems
    }

    /// Says why on stderr and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Runtime(message) => {
                crate::output::talk(&format!("tenon: {message}"));
                ExitCode::from(1)
            }
            Self::Problems => ExitCode::from(2),
            Self::Environment(message) => {
                crate::output::talk(&format!("tenon: {message}"));
                ExitCode::from(3)
            }
        }
    }
}

impl From<BrokerError> for Exit {
    fn from(error: BrokerError) -> Self {
        match error {
            BrokerError::Unroutable { .. } | BrokerError::Full(_) => {
                Self::runtime(error.to_string())
            }
            _ => Self::environment(error.to_string()),
        }
    }
}

impl From<StoreError> for Exit {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Refused(_) => {
                Self::environment(error.to_string())
            }
            _ => Self::runtime(error.to_string()),
        }
    }
}

impl From<Problem> for Exit {
    fn from(problem: Problem) -> Self {
        match problem.status {
            503 => Self::environment(problem.detail),
            _ => Self::runtime(problem.detail),
        }
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            FailureKind::Transient | FailureKind::Configuration => {
                Self::environment(failure.detail)
            }
            _ => Self::runtime(failure.detail),
        }
    }
}

impl From<std::io::Error> for Exit {
    fn from(error: std::io::Error) -> Self {
        Self::environment(error.to_string())
    }
}
