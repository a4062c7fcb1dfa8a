//! Sets `has_redis` where the tests that start a `redis-server` can run; elsewhere they are ignored.
//!
//! Only looks for the file. Changes of `PATH` are not followed: an editor and a terminal with
//! different ones would rebuild the crate in turns. After installing Redis, `touch build.rs`.

use std::{env, path::PathBuf};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(has_redis)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WG_REQUIRE_REDIS");
    let found = redis_server();
    if let Some(file) = &found {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    // If Redis is required, the tests run, and fail when it is missing.
    if found.is_some() || env::var_os("WG_REQUIRE_REDIS").is_some() {
        println!("cargo::rustc-cfg=has_redis");
    }
}

/// The first `redis-server` in `PATH`.
fn redis_server() -> Option<PathBuf> {
    let name = format!("redis-server{}", env::consts::EXE_SUFFIX);
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}
