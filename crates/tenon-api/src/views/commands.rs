//! Commands as the API describes them: what a person or a token can have done to master records.
#![allow(
    dead_code,
    reason = "descriptions of what another crate reads and writes"
)]

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What became of a command.
#[derive(ToSchema)]
pub(crate) struct CommandOutcome {
    /// `done`, or `underway` as long as no node has decided it.
    outcome: String,
    /// The command's message.
    message_id: String,
    /// The masters that it changed, in the order of the command, once it is done.
    masters: Option<Vec<String>>,
}

/// A system's record by its name there.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandRecord {
    /// The system.
    #[schema(example = "erp")]
    system: String,
    /// The record's id there.
    native_id: String,
}

/// What is done: the name of an act, with what belongs to it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CommandAct {
    /// Two masters are one customer.
    Merge {
        /// Keeps its id and its code.
        #[schema(format = Uuid)]
        survivor: String,
        /// Becomes another name of the survivor.
        #[schema(format = Uuid)]
        merged: String,
    },
    /// A merge was a mistake.
    Unmerge {
        /// The master that was merged.
        #[schema(format = Uuid)]
        merged: String,
    },
    /// Some records of a master are another customer.
    Split {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// The records that are the other.
        records: Vec<CommandRecord>,
    },
    /// The pair of a review is one customer: the two are merged.
    Approve {
        /// The review.
        review: i64,
        /// Who keeps its id and its code; the elder, if it is not said.
        #[schema(format = Uuid)]
        survivor: Option<String>,
    },
    /// The pair of a review are two customers. It is never asked about again.
    Reject {
        /// The review.
        review: i64,
    },
    /// What was said of the pair of a review is taken back, and it is asked about again. Two that were merged are parted
    /// before.
    Reopen {
        /// The review.
        review: i64,
    },
    /// A field has this value, whatever systems say, until the pin is released.
    Pin {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// The field: `legal_name`.
        field: String,
        /// Its value, as the customer schema has it.
        value: Value,
    },
    /// A field has again the value that survives of what systems say.
    Release {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// The field.
        field: String,
    },
    /// A code is kept for the system that will bring it: the hub issues it to nobody.
    ReserveCode {
        /// The code.
        code: String,
    },
    /// A reserved code may be issued again.
    FreeCode {
        /// The code.
        code: String,
    },
    /// Somebody looks after a prospect for so many days; renews, if it is the same owner.
    Claim {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// Who: a seller, a dealer.
        owner: String,
        /// For how long.
        days: u16,
    },
    /// The owner of a claim leaves it to another; it expires as it would have.
    HandOver {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// Who has it now.
        from: String,
        /// Who is to have it.
        to: String,
    },
    /// The owner of a claim gives it up.
    GiveUp {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// Who has it now.
        owner: String,
    },
    /// A master belongs to another; what was said before is replaced.
    Affiliate {
        /// The branch, or the company of a group.
        #[schema(format = Uuid)]
        child: String,
        /// Its head office, or its group.
        #[schema(format = Uuid)]
        parent: String,
        /// Which of the two: `branch`, `member`.
        kind: String,
    },
    /// A master belongs to nobody any more.
    Detach {
        /// The master.
        #[schema(format = Uuid)]
        child: String,
    },
    /// A customer who signed and has not bought for as long as is configured is dormant. The hub gives
    /// this command by itself; it has no effect on anybody else.
    Rest {
        /// The customer.
        #[schema(format = Uuid)]
        master: String,
    },
    /// A customer has this grade from now on, with what the grade brings.
    Grade {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// The grade: `diamond`, `strategic`, `potential`, `ordinary`, `problem`.
        grade: String,
        /// Days that it has to pay; its own stay, if it is not said.
        credit_days: Option<u32>,
        /// How early it is served: 1 before 2.
        priority: Option<u32>,
    },
    /// A customer is not to have the grade that its score proposes.
    DeclineGrade {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// The grade: `diamond`, `strategic`, `potential`, `ordinary`, `problem`.
        grade: String,
    },
    /// How well a customer works with us, in a person's judgement.
    Rate {
        /// The master.
        #[schema(format = Uuid)]
        master: String,
        /// From 0 to 100.
        #[schema(minimum = 0, maximum = 100)]
        cooperation: u8,
    },
    /// Two systems' records are one item; at least one of them is known.
    SameItem {
        /// The record that waits.
        record: CommandRecord,
        /// The one that it is.
        other: CommandRecord,
    },
    /// A record is an item of its own, whatever it is like.
    NewItem {
        /// The record that waits.
        record: CommandRecord,
    },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use tenon_pipeline::Act;
    use utoipa::PartialSchema;

    use super::*;

    /// What is said of an act, made up from its description alone.
    fn made_up(described: &Value) -> Value {
        let members = described["properties"]
            .as_object()
            .expect("an act has members");
        let of = |(name, member): (&String, &Value)| {
            let made = match (
                name.as_str(),
                member["type"].as_str(),
                member["format"].as_str(),
            ) {
                ("grade", ..) => json!("diamond"),
                ("kind", ..) => json!("branch"),
                (_, _, Some("uuid")) => json!("0198f3a2-7c1e-7b4a-9d35-2f6a1c0b8e77"),
                (_, Some("string"), _) => json!("erp"),
                (_, Some("integer"), _) => json!(1),
                (_, Some("array"), _) => json!([]),
                _ if member["$ref"].is_string() => json!({ "system": "erp", "native_id": "1" }),
                _ => Value::Null,
            };
            (name.clone(), made)
        };
        members
            .iter()
            .map(of)
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    #[test]
    fn every_act_is_described_as_it_is_read() {
        let schema = serde_json::to_value(CommandAct::schema()).expect("a schema");
        let variants = schema["oneOf"].as_array().expect("acts");
        let mut described = BTreeSet::new();
        for variant in variants {
            for (name, act) in variant["properties"]
                .as_object()
                .expect("an act by its name")
            {
                let given = json!({ name: made_up(act) });
                let read = serde_json::from_value::<Act>(given.clone());
                let read = read.unwrap_or_else(|error| panic!("{given}: {error}"));
                assert_eq!(&read.name(), name);
                described.insert(name.clone());
            }
        }
        // What reads them lists what it knows.
        let known = serde_json::from_value::<Act>(json!({ "nothing": {} })).expect_err("no act");
        let known = known.to_string();
        let listed: BTreeSet<String> = known
            .split('`')
            .skip(3)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        assert_eq!(described, listed);
    }
}
