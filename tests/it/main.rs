//! Integration tests.

mod api;
mod broker;
mod cli;
mod connector;
mod house;
mod pipeline;
mod servers;
mod store;
mod systems;
