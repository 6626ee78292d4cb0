//! `kiln-tpch --scale 1 --output DIR [--parts N]`.

use kiln_tpch::{Options, USAGE, generate};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| generate(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kiln-tpch: {error}\n\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}
