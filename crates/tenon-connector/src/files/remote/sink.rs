//! Delivering: each message becomes a remote file of its own, complete or not there at all.

use std::sync::Arc;

use async_trait::async_trait;
use tenon_core::{Failure, Message, Outbound};

use super::link::Link;
use crate::files::sink::Writer;
use crate::{Delivered, Permit, Sink, superseded};

/// Writes the remote files of one outlet.
pub(in crate::files) struct RemoteSink {
    link: Arc<Link>,
    writer: Writer,
}

impl RemoteSink {
    pub(in crate::files) fn new(link: Arc<Link>, writer: Writer) -> Self {
        Self { link, writer }
    }

    async fn put(&self, body: &Outbound) -> Result<Delivered, Failure> {
        let file = self.writer.compose(body)?;
        let folder = self.writer.place();
        self.link.put(&folder, &file.name, &file.bytes).await?;
        Ok(Delivered {
            native_id: file.native_id,
            answer: format!("wrote {folder}/{}", file.name),
        })
    }
}

#[async_trait]
impl Sink for RemoteSink {
    async fn probe(&self) -> Result<(), Failure> {
        self.link.look(&self.writer.place()).await
    }

    async fn deliver(
        &self,
        batch: &[Message<Outbound>],
        permit: &dyn Permit,
    ) -> Vec<Result<Delivered, Failure>> {
        let mut answers = Vec::with_capacity(batch.len());
        for message in batch {
            answers.push(match permit.holds().await {
                true => self.put(&message.body).await,
                false => Err(superseded()),
            });
        }
        answers
    }
}
