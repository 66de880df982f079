//! The command line as scripts see it: the binary itself, its exit codes, what stands on stdout.

mod access;
mod backup;
mod care;
mod cases;
mod checking;
mod connectors;
mod dealers;
mod dedupe;
mod demo;
mod einvoices;
mod ends;
mod flows;
mod importing;
mod master_check;
mod parked;
mod parts;
mod redriving;
mod running;
mod sending;
mod site;
mod spans;
mod stewardship;
mod torture;
