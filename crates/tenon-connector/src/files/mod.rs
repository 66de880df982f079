//! Joining a system through files: a directory it writes into, a directory it reads from.
//!
//! Reading goes file by file, oldest first. A file is read once it has been left alone for a while,
//! in portions of bounded size, and stands in `done/` (or `failed/`) afterwards; nothing is ever
//! deleted. Writing gives each message a file of its own, complete or not there at all. The directory may
//! be on another machine, behind SFTP.
//!
//! *Architecture invariant*: what a file's bytes mean is decided in [`encoding`] and in the readers
//! below [`formats`] alone; which file is read, and whether again, in [`progress`] alone.

mod encoding;
mod formats;
mod listing;
mod moving;
mod progress;
mod remote;
mod settings;
mod sink;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tenon_core::{Entity, Failure};

use self::remote::{Link, RemoteSink, RemoteSource};
pub(crate) use self::settings::{Deliver, Receive, Settings};
use self::settings::{DeliverPlan, ReceivePlan};
use self::sink::{FilesSink, Writer};
use self::source::FilesSource;
pub use self::table::{TableFile, TableRow};
pub(crate) use self::writing::{element as xml_element, fields as xml_fields};
use crate::config::{Configured, NoKeys, Parts};
use crate::{Checkpoint, Guarantee, Inlet, KeyProblem, Outlet, Sink, Source, Transport};

/// A system that is joined by files. Holds validated settings; opens nothing by itself.
#[derive(Debug)]
pub(crate) struct Files {
    directory: PathBuf,
    /// The server on which the files are; on this machine without one.
    link: Option<Arc<Link>>,
    receive: Vec<(String, Arc<ReceivePlan>)>,
    deliver: Vec<(Entity, Arc<DeliverPlan>)>,
}

impl Configured for Files {
    type Settings = Settings;
    type Receive = Receive;
    type Webhook = NoKeys;
    type Deliver = Deliver;

    fn validate(parts: Parts<Self>) -> Result<Self, Vec<KeyProblem>> {
        let mut problems = Vec::new();
        let mut settings = parts.settings;
        settings.check(&mut problems);
        let sftp = settings.sftp.take();
        let link = sftp.and_then(|sftp| sftp.check(&mut problems));
        let directory = parts.base.join(&settings.directory);
        let mut receive = Vec::new();
        for (index, (name, keys)) in parts.receive.into_iter().enumerate() {
            let at = format!("receive[{index}]");
            if let Some(plan) = ReceivePlan::new(&settings, keys, &at, &mut problems) {
                receive.push((name, Arc::new(plan)));
            }
        }
        let mut deliver = Vec::new();
        for (index, (entity, keys)) in parts.deliver.into_iter().enumerate() {
            let at = format!("deliver[{index}]");
            if let Some(plan) = DeliverPlan::new(&settings, entity, keys, &at, &mut problems) {
                deliver.push((entity, Arc::new(plan)));
            }
        }
        if problems.is_empty() {
            Ok(Self {
                directory,
                link: link.map(|remote| Arc::new(Link::new(remote))),
                receive,
                deliver,
            })
        } else {
            Err(problems)
        }
    }
}

#[async_trait]
impl Transport for Files {
    async fn open_source(
        &self,
        inlet: &Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Source>, Failure> {
        let plan = self
            .receive
            .iter()
            .find(|(name, _)| *name == inlet.name)
            .ok_or_else(|| {
                Failure::bug(
                    "files.inlet",
                    format!("inlet `{}` reads no files", inlet.name),
                )
            })?;
        let (directory, plan, inlet) = (&self.directory, plan.1.clone(), inlet.clone());
        Ok(match &self.link {
            Some(link) => Box::new(RemoteSource::open(
                link.clone(),
                directory,
                plan,
                inlet,
                checkpoint,
            )?),
            None => Box::new(FilesSource::open(
                directory.clone(),
                plan,
                inlet,
                checkpoint,
            )?),
        })
    }

    async fn open_sink(&self, outlet: &Outlet) -> Result<Arc<dyn Sink>, Failure> {
        let plan = self
            .deliver
            .iter()
            .find(|(entity, _)| *entity == outlet.entity)
            .ok_or_else(|| {
                Failure::bug(
                    "files.outlet",
                    format!("the outlet of {} writes no files", outlet.entity),
                )
            })?;
        let writer = Writer::new(self.directory.clone(), plan.1.clone());
        Ok(match &self.link {
            Some(link) => Arc::new(RemoteSink::new(link.clone(), writer)),
            None => Arc::new(FilesSink::new(writer)),
        })
    }

    fn guarantee(&self, entity: Entity) -> Guarantee {
        match self.deliver.iter().find(|(known, _)| *known == entity) {
            Some((_, plan)) => plan.guarantee(),
            None => Guarantee::AtLeastOnce,
        }
    }
}
