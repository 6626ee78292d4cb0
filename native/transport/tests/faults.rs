//! What goes wrong on the way, and what is said of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kiln_shuffle::Result as ShuffleResult;
use kiln_shuffle::file::ShuffleFile;
use kiln_shuffle::store::{EncodedStream, MapOutputId};
use kiln_transport::fetch::FetchError;
use kiln_transport::{Blocks, FetchCause, TransportConfig, TransportError};
use support::*;

async fn pair(uri: &str) -> (Process, Process) {
    (Process::start("e1", &config(), "memory:").await, Process::start("e2", &config(), uri).await)
}

/// 12 maps of about 250 KB, which do not compress.
fn write_maps(process: &Process) {
    for map in 0..12 {
        process.write(1, map, &[vec![batch(i64::from(map) * 1000, 500, 250), batch(i64::from(map) * 1000 + 500, 500, 250)]]);
    }
}

fn expected() -> Vec<i64> {
    (0..12_000).collect()
}

async fn read_all(here: &Process, there: &Process, address: &str) -> Result<Vec<i64>, FetchError> {
    let lane = (0..12).map(|map| there.wanted(map, 0..1)).collect();
    let mut reader = here.fetch(1, address, vec![lane]).remove(0);
    ids(&mut reader, 12).await
}

fn check_nothing_is_left(here: &Process) {
    assert_eq!((here.memory.reserved_bytes(), here.transport.usage().bytes_in_flight, here.spooled_files()), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_anywhere_inside_a_block_loses_and_repeats_nothing() {
    for uri in ["memory:", "file:"] {
        let (here, there) = pair(uri).await;
        write_maps(&there);
        for after in [200, 250, 30_000, 333_333, 1_000_000, 1_234_567] {
            let road = Road::to(there.transport.address(), Harm::Cut, after).await;
            assert_eq!(read_all(&here, &there, &road.address).await.unwrap(), expected());
            assert_eq!(road.connections.load(Ordering::Relaxed), 2);
        }
        assert!(here.counters.requests.load(Ordering::Relaxed) <= 12);
        check_nothing_is_left(&here);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_road_that_is_cut_for_ever_is_the_network() {
    let (here, there) = pair("memory:").await;
    write_maps(&there);
    let road = Road::to(there.transport.address(), Harm::FlipAlways, 60).await;
    let error = read_all(&here, &there, &road.address).await.unwrap_err();
    assert_eq!(error.error.cause(), FetchCause::Network);
    assert_eq!((error.wanted.map, error.wanted.executor.as_str()), (0, "e2"));
    check_nothing_is_left(&here);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_peer_is_gone_after_the_idle_timeout() {
    let config = TransportConfig { idle_timeout_millis: 300, connect_timeout_millis: 300, max_retries: 1, ..config() };
    let (here, there) = (Process::start("e1", &config, "memory:").await, Process::start("e2", &support::config(), "memory:").await);
    write_maps(&there);
    for after in [1, 500_000] {
        let road = Road::to(there.transport.address(), Harm::Stall, after).await;
        let error = read_all(&here, &there, &road.address).await.unwrap_err();
        assert_eq!(error.error.cause(), FetchCause::Network, "{error}");
    }
    check_nothing_is_left(&here);
    until(|| here.transport.usage().connections_out == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_damaged_on_the_wire_are_found_and_fetched_again() {
    let (here, there) = pair("file:").await;
    write_maps(&there);
    for after in [100_000, 777_777, 1_500_000] {
        let road = Road::to(there.transport.address(), Harm::Flip, after).await;
        let before = here.counters.corrupt_blocks.load(Ordering::Relaxed);
        assert_eq!(read_all(&here, &there, &road.address).await.unwrap(), expected());
        assert_eq!(here.counters.corrupt_blocks.load(Ordering::Relaxed), before + 1);
    }
    check_nothing_is_left(&here);
}

/// Gives blocks of a store with one byte changed, as memory that fails would.
#[derive(Debug)]
struct Forgetful {
    file: ShuffleFile,
    damaged: ShuffleFile,
    /// So many openings give the damaged one.
    times: AtomicU64,
}

impl Blocks for Forgetful {
    fn open(&self, _executor: &str, shuffle: u64, map: u32, partitions: Range<u32>) -> ShuffleResult<EncodedStream> {
        let id = MapOutputId { shuffle, map, stage_attempt: 0, attempt: 0 };
        let damaged = self.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |t| t.checked_sub(1)).is_ok();
        EncodedStream::of_file(id, if damaged { &self.damaged } else { &self.file }, partitions)
    }
}

fn file_of(process: &Process, map: u32) -> std::path::PathBuf {
    let dir = &process.store.dirs().paths()[0];
    let name = format!("shuffle_1_{map}_");
    let found = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    found.into_iter().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&name)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_damaged_in_memory_are_the_networks_if_the_server_has_them_whole() {
    for (times, cause) in [(1, None), (2, Some(FetchCause::Network)), (99, Some(FetchCause::Disk))] {
        let (here, there) = pair("file:").await;
        there.write(1, 0, &[vec![batch(0, 500, 250)]]);
        let path = file_of(&there, 0);
        let copy = there.dir.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        fs::File::options().write(true).open(&copy).unwrap().write_at(b"#", 5000).unwrap();
        let open = |path: &std::path::Path| ShuffleFile::open(path, schema()).unwrap();
        there.transport.serve(Arc::new(Forgetful { file: open(&path), damaged: open(&copy), times: AtomicU64::new(times) }));
        let mut reader = here.fetch(1, there.transport.address(), vec![vec![there.wanted(0, 0..1)]]).remove(0);
        match (ids(&mut reader, 1).await, cause) {
            (Ok(ids), None) => assert_eq!(ids, (0..500).collect::<Vec<_>>()),
            (Err(error), Some(cause)) => {
                assert_eq!(error.error.cause(), cause, "{error}");
                assert!(matches!(error.error, TransportError::Corrupt { .. }), "{error}");
            }
            (ended, _) => panic!("{ended:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_the_disks_fault_and_a_lost_one_is_missing() {
    let (here, there) = pair("file:").await;
    write_maps(&there);
    let ask = async |map: u32| {
        let mut reader = here.fetch(1, there.transport.address(), vec![vec![there.wanted(map, 0..1)]]).remove(0);
        ids(&mut reader, 1).await.map_err(|e| e.error)
    };
    // A bit, a cut, no file, no output, no partition.
    fs::File::options().write(true).open(file_of(&there, 0)).unwrap().write_at(b"#", 5000).unwrap();
    fs::File::options().write(true).open(file_of(&there, 1)).unwrap().set_len(9000).unwrap();
    fs::remove_file(file_of(&there, 2)).unwrap();
    there.store.remove_map(1, 3);
    assert_eq!(ask(0).await.unwrap_err().cause(), FetchCause::Disk);
    let cut = ask(1).await.unwrap_err();
    assert_eq!(cut.cause(), FetchCause::Disk, "{cut}");
    assert!(cut.to_string().contains("cut off"), "{cut}");
    assert_eq!(ask(2).await.unwrap_err().cause(), FetchCause::Missing);
    assert_eq!(ask(3).await.unwrap_err().cause(), FetchCause::Missing);
    assert_eq!(ask(4).await.unwrap(), (4000..5000).collect::<Vec<_>>());
    assert_eq!(here.transport.usage().connected, 1, "a block that is lost costs no connection");
    check_nothing_is_left(&here);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_attempts_rows_are_not_mixed_in() {
    let (here, there) = pair("memory:").await;
    write_maps(&there);
    let road = Road::to(there.transport.address(), Harm::Cut, 900_000).await;
    let config = TransportConfig { max_size_in_flight: 64 << 10, ..config() };
    let slow = Process::start("e3", &config, "memory:").await;
    let lane = (0..12).map(|map| there.wanted(map, 0..1)).collect();
    let mut reader = slow.fetch(1, &road.address, vec![lane]).remove(0);
    // Amid a block its map is made again, with the rows in another order.
    reader.next_batch().await.unwrap().unwrap();
    there.store.remove_shuffle(1);
    for map in 0..12 {
        let id = MapOutputId { shuffle: 1, map, stage_attempt: 1, attempt: 0 };
        there.write_as(id, &[vec![batch(i64::from(map) * 1000 + 500, 500, 250), batch(i64::from(map) * 1000, 500, 250)]]);
    }
    road.budget.store(1, Ordering::Relaxed);
    let mut rows = Vec::new();
    let ended = loop {
        match reader.next_batch().await {
            Ok(Some(batch)) => rows.push(batch.num_rows()),
            Ok(None) if rows.iter().sum::<usize>() >= 12_000 => break Ok(()),
            Ok(None) => {}
            Err(error) => break Err(error.error),
        }
    };
    // The first block was whole before, or its attempt is gone.
    if let Err(error) = ended {
        assert_eq!(error.cause(), FetchCause::Missing, "{error}");
    }
    drop((reader, here));
    check_nothing_is_left(&slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_is_dropped_leaves_nothing() {
    let config = TransportConfig { max_size_in_flight: 128 << 10, retry_wait_millis: 3_600_000, ..config() };
    let (here, there) = (Process::start("e1", &config, "memory:").await, Process::start("e2", &config, "file:").await);
    write_maps(&there);
    let lanes = || (0..12).map(|map| vec![there.wanted(map, 0..1)]).collect::<Vec<_>>();
    // Not begun, amid it, while it waits for the next try.
    drop(here.fetch(1, there.transport.address(), lanes()));
    let mut begun = here.fetch(1, there.transport.address(), vec![lanes().concat()]);
    begun[0].next_batch().await.unwrap();
    drop(begun);
    let nobody = Process::start("e3", &config, "memory:").await;
    let address = nobody.transport.address().to_owned();
    nobody.transport.close().await;
    let mut waiting = here.fetch(1, &address, lanes());
    let waits = tokio::time::timeout(std::time::Duration::from_millis(100), waiting[0].next_batch()).await;
    assert!(waits.is_err(), "the next try is far");
    drop(waiting);
    check_nothing_is_left(&here);
    let usage = here.transport.usage();
    assert_eq!((usage.connections_out, usage.connected), (1, 1), "the connection stays, for others");
    // And it is of use.
    assert_eq!(read_all(&here, &there, there.transport.address()).await.unwrap(), expected());
    here.transport.close().await;
    until(|| there.transport.usage().connections_in == 0).await;
}
