//! Integration tests.

mod api;
mod broker;
mod cli;
mod connector;
mod envelope;
mod house;
mod pipeline;
mod servers;
mod store;
mod systems;
mod vendor;
