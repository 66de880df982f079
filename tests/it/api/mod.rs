//! The HTTP side: its router over the embedded engines, asked in this process.

mod access;
mod alerts;
mod attacks;
mod behind;
mod browser;
mod callbacks;
mod checking;
mod contracts;
mod dead_letters;
mod description;
mod health;
mod importing;
mod insight;
mod intake;
mod masters;
mod nodes;
mod reading;
mod reloading;
mod roles;
mod sessions;
mod single_sign_on;
mod site;
mod trail;
mod waiting;
