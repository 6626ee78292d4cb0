//! The external shuffle service, and map outputs that move to another process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use kiln_shuffle::dirs::sweep_stale;
use kiln_transport::service::{ShuffleService, ShuffleServiceConfig};
use kiln_transport::{FetchCause, Secret, TransportConfig, TransportError};
use support::*;

/// Base64 of "the service".
const SERVICE: &str = "dGhlIHNlcnZpY2U=";

fn service_config(dir: &Path, port: u16) -> ShuffleServiceConfig {
    ShuffleServiceConfig {
        host: "127.0.0.1".to_owned(),
        port,
        advertised_host: String::new(),
        secret: SERVICE.to_owned(),
        tls: None,
        directory: dir.join("registry").to_str().unwrap().to_owned(),
        application_timeout_millis: 3_600_000,
        max_frame_bytes: 16 << 20,
        idle_timeout_millis: 60_000,
        connect_timeout_millis: 20_000,
    }
}

fn secret() -> Secret {
    Secret::from_base64(SERVICE).unwrap()
}

fn directories(process: &Process) -> Vec<String> {
    process.store.dirs().paths().iter().map(|dir| dir.to_str().unwrap().to_owned()).collect()
}

async fn register(process: &Process, service: &str) -> Result<(), TransportError> {
    process.store.dirs().set_served().unwrap();
    process.transport.register_with_service(service, &secret(), &process.id, directories(process)).await
}

/// Ends a process as its own end would: in order, but its files stay.
async fn end(process: Process) -> (tempfile::TempDir, PathBuf) {
    process.transport.close().await;
    let path = process.store.dirs().paths()[0].clone();
    process.store.dirs().leave();
    let Process { store, transport, dir, .. } = process;
    drop((store, transport));
    (dir, path)
}

fn write_maps(process: &Process) {
    for map in 0..10 {
        process.write(1, map, &[vec![batch(i64::from(map) * 100, 100, 40)], vec![], vec![batch(i64::from(map), 1, 5)]]);
    }
}

async fn read_all(here: &Process, address: &str, executor: &str) -> Result<Vec<i64>, TransportError> {
    let wanted = |map| kiln_transport::fetch::Wanted { executor: executor.to_owned(), map, partitions: 0..2 };
    let mut reader = here.fetch(1, address, vec![(0..10).map(wanted).collect()]).remove(0);
    ids(&mut reader, 10).await.map_err(|error| error.error)
}

fn expected() -> Vec<i64> {
    (0..1000).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_an_executor_that_is_gone_are_served_until_its_application_ends() {
    let dir = tempfile::tempdir().unwrap();
    let service = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap();
    let here = Process::start("e1", &config(), "memory:").await;
    let gone = Process::start("e2", &config(), "file:").await;
    register(&gone, service.address()).await.unwrap();
    write_maps(&gone);
    // It serves them while the executor lives, and afterwards.
    assert_eq!(read_all(&here, service.address(), "e2").await.unwrap(), expected());
    let (root, files) = end(gone).await;
    assert_eq!(read_all(&here, service.address(), "e2").await.unwrap(), expected());
    assert_eq!(sweep_stale(&[root.path().join("local")]), 0, "another executor that starts leaves them");
    let unknown = read_all(&here, service.address(), "e9").await.unwrap_err();
    assert_eq!(unknown.cause(), FetchCause::Missing);

    here.transport.remove_shuffle(service.address(), 2).await.unwrap();
    assert_eq!(read_all(&here, service.address(), "e2").await.unwrap(), expected());
    here.transport.remove_shuffle(service.address(), 1).await.unwrap();
    assert_eq!(read_all(&here, service.address(), "e2").await.unwrap_err().cause(), FetchCause::Missing);
    here.transport.end_application(service.address()).await.unwrap();
    assert!(!files.exists());
    assert_eq!(service.usage().applications, 0);
    // The application is a stranger from now on.
    let later = Process::start("e3", &config(), "memory:").await;
    assert!(matches!(read_all(&later, service.address(), "e2").await, Err(TransportError::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_the_service_is_a_broken_connection_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let service = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap();
    let address = service.address().to_owned();
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let config = TransportConfig { max_retries: 1000, ..config() };
    let here = Process::start("e1", &config, "memory:").await;
    let gone = Process::start("e2", &config, "file:").await;
    register(&gone, &address).await.unwrap();
    write_maps(&gone);
    let _files = end(gone).await;
    let wanted = |map| kiln_transport::fetch::Wanted { executor: "e2".to_owned(), map, partitions: 0..1 };
    let mut reader = here.fetch(1, &address, vec![(0..10).map(wanted).collect()]).remove(0);
    assert_eq!(ids(&mut reader, 1).await.unwrap(), (0..100).collect::<Vec<_>>());
    service.close().await;
    let (rest, service) = tokio::join!(read_all(&here, &address, "e2"), async {
        until(|| here.transport.usage().connections_out == 0).await;
        ShuffleService::open(&service_config(dir.path(), port)).await.unwrap()
    });
    assert_eq!(rest.unwrap(), expected());
    assert_eq!(ids(&mut reader, 9).await.unwrap(), (100..1000).collect::<Vec<_>>());
    assert_eq!(service.usage().applications, 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let registry = fs::metadata(dir.path().join("registry/shuffle-service.json")).unwrap();
        assert_eq!(registry.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applications_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    let service = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap();
    let other = TransportConfig { application_id: "app-2".to_owned(), secret: "YW5vdGhlcg==".to_owned(), ..config() };
    let (mine, theirs) = (Process::start("e1", &config(), "file:").await, Process::start("e1", &other, "file:").await);
    for process in [&mine, &theirs] {
        register(process, service.address()).await.unwrap();
    }
    write_maps(&mine);
    // The same executor id and shuffle, another application: its own files only.
    assert_eq!(read_all(&mine, service.address(), "e1").await.unwrap(), expected());
    assert_eq!(read_all(&theirs, service.address(), "e1").await.unwrap_err().cause(), FetchCause::Missing);
    // One who says to be the other without its secret.
    let liar = TransportConfig { application_id: "app-1".to_owned(), max_retries: 0, ..other.clone() };
    let liar = Process::start("e3", &liar, "file:").await;
    assert!(matches!(read_all(&liar, service.address(), "e1").await, Err(TransportError::Refused { .. })));
    let stolen = register(&liar, service.address()).await.unwrap_err();
    assert!(stolen.to_string().contains("another secret"), "{stolen}");
    // Without the service's secret, or with directories that are none.
    let wrong = mine.transport.register_with_service(service.address(), &Secret::new(b"guess").unwrap(), "e1", directories(&mine)).await;
    assert!(matches!(wrong, Err(TransportError::Refused { .. })));
    let home = vec![dir.path().to_str().unwrap().to_owned()];
    let refused = mine.transport.register_with_service(service.address(), &secret(), "e1", home).await.unwrap_err();
    assert!(refused.to_string().contains("no directory of an executor"), "{refused}");
    theirs.transport.end_application(service.address()).await.unwrap();
    assert_eq!(read_all(&mine, service.address(), "e1").await.unwrap(), expected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_run_of_the_system_left_is_removed_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let service = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap();
    let gone = Process::start("e2", &config(), "file:").await;
    register(&gone, service.address()).await.unwrap();
    write_maps(&gone);
    let (_root, files) = end(gone).await;
    service.close().await;
    let registry = dir.path().join("registry/shuffle-service.json");
    let text = fs::read_to_string(&registry).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    fs::write(&registry, text.replace(boot.trim(), "another")).unwrap();
    let service = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap();
    assert_eq!(service.usage().applications, 0);
    assert!(!files.exists());
    fs::write(&registry, "{").unwrap();
    let broken = ShuffleService::open(&service_config(dir.path(), 0)).await.unwrap_err();
    assert!(broken.to_string().contains("no registry"), "{broken}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn map_outputs_move_to_another_executor() {
    for uri in ["memory:", "file:"] {
        let (here, leaves) = (Process::start("e1", &config(), "memory:").await, Process::start("e2", &config(), uri).await);
        write_maps(&leaves);
        let road = Road::to(leaves.transport.address(), Harm::Cut, 3000).await;
        for map in 0..10 {
            here.transport.copy_output(&road.address, 1, map, &here.store).await.unwrap();
            // A second time is no harm.
            here.transport.copy_output(&road.address, 1, map, &here.store).await.unwrap();
            assert_eq!(here.store.info(1, map).unwrap().stats, leaves.store.info(1, map).unwrap().stats);
        }
        assert!(road.connections.load(Ordering::Relaxed) >= 2);
        let missing = here.transport.copy_output(&road.address, 1, 77, &here.store).await.unwrap_err();
        assert_eq!(missing.cause(), FetchCause::Missing);
        leaves.transport.close().await;
        drop(leaves);
        // It reads them itself, and serves them.
        for map in 0..10 {
            let rows: usize = here.store.read(1, map, 0..3).unwrap().iter().map(|b| b.num_rows()).sum();
            assert_eq!(rows, 101);
        }
        let third = Process::start("e3", &config(), "memory:").await;
        assert_eq!(read_all(&third, here.transport.address(), "e1").await.unwrap(), expected());
        assert_eq!(fs::read_dir(&here.store.dirs().paths()[0]).unwrap().count(), 11, "ten files and the lock");
    }
}
