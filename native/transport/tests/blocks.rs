//! Blocks of map outputs: order, requests, connections, memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kiln_transport::TransportConfig;
use kiln_transport::fetch::HostRequest;
use support::*;

/// Partition p of map m has the rows from `1000 * (m * partitions + p)`.
fn write_maps(process: &Process, maps: std::ops::Range<u32>, partitions: u32, rows: usize) {
    for map in maps {
        let data: Vec<_> = (0..partitions).map(|p| vec![batch(i64::from(1000 * (map * partitions + p)), rows, 20)]).collect();
        process.write(1, map, &data);
    }
}

fn expected(maps: impl Iterator<Item = u32>, partitions: u32, p: u32, rows: usize) -> Vec<i64> {
    maps.flat_map(|map| (0..rows as i64).map(move |row| i64::from(1000 * (map * partitions + p)) + row)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_blocks_are_one_request() {
    for uri in ["memory:", "file:"] {
        let (here, there) = (Process::start("e1", &config(), "memory:").await, Process::start("e2", &config(), uri).await);
        write_maps(&there, 0..100, 100, 3);
        let all = (0..100).flat_map(|map| (0..100).map(move |p| (map, p)));
        let lane = all.map(|(map, p)| there.wanted(map, p..p + 1)).collect();
        let mut reader = here.fetch(1, there.transport.address(), vec![lane]).remove(0);
        let got = ids(&mut reader, 10_000).await.unwrap();
        assert_eq!(got, (0..10_000_i64).flat_map(|b| (0..3).map(move |r| 1000 * b + r)).collect::<Vec<_>>());
        assert!(reader.next_batch().await.unwrap().is_none());
        let counters = &here.counters;
        assert_eq!((counters.requests.load(Ordering::Relaxed), counters.remote_blocks.load(Ordering::Relaxed)), (1, 10_000));
        assert!(counters.remote_bytes.load(Ordering::Relaxed) > 10_000 * 24);
        drop(reader);
        assert_eq!((here.memory.reserved_bytes(), here.transport.usage().bytes_in_flight), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_empty_blocks_and_blocks_larger_than_the_window() {
    for (uri, size_in_flight) in [("memory:", 64 << 10), ("file:", 64 << 10), ("memory:", 48 << 20)] {
        let config = TransportConfig { max_size_in_flight: size_in_flight, ..config() };
        let (here, there) = (Process::start("e1", &config, "memory:").await, Process::start("e2", &config, uri).await);
        // Blocks of about 2 MB.
        there.write(1, 0, &[vec![batch(0, 8192, 300)], vec![], vec![batch(8192, 8192, 300), batch(16_384, 100, 300)], vec![]]);
        there.write(1, 1, &[vec![], vec![], vec![], vec![]]);
        there.write(1, 2, &[vec![batch(30_000, 5, 3)], vec![batch(30_005, 5, 3)], vec![], vec![batch(30_010, 1, 3)]]);
        let lane = vec![there.wanted(0, 0..4), there.wanted(1, 0..4), there.wanted(2, 0..2), there.wanted(2, 3..4)];
        let mut reader = here.fetch(1, there.transport.address(), vec![lane]).remove(0);
        let got = ids(&mut reader, 4).await.unwrap();
        assert_eq!(got, (0..16_484).chain(30_000..30_011).collect::<Vec<_>>());
        assert_eq!(here.counters.requests.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_and_three_clients() {
    let mut processes = Vec::new();
    for id in ["e1", "e2", "e3"] {
        processes.push(Arc::new(Process::start(id, &config(), "memory:").await));
    }
    for (index, process) in (0..).zip(&processes) {
        write_maps(process, 4 * index..4 * index + 4, 6, 500);
    }
    // Two tasks in each process read a partition of all maps: of the two other hosts' by the transport.
    let mut tasks = tokio::task::JoinSet::new();
    for (task, here) in processes.iter().cycle().take(6).enumerate() {
        let (here, others) = (Arc::clone(here), processes.clone());
        tasks.spawn(async move {
            let p = task as u32;
            let hosts: Vec<_> = (0..3_u32).filter(|i| others[*i as usize].id != here.id).collect();
            let requests = hosts.iter().map(|i| {
                let there = &others[*i as usize];
                let lane = (4 * i..4 * i + 4).map(|map| there.wanted(map, p..p + 1)).collect();
                HostRequest { address: there.transport.address().to_owned(), lanes: vec![lane] }
            });
            let readers = here.transport.fetch(1, &schema(), requests.collect(), here.env()).unwrap();
            for (i, mut lanes) in hosts.into_iter().zip(readers) {
                assert_eq!(ids(&mut lanes[0], 4).await.unwrap(), expected(4 * i..4 * i + 4, 6, p, 500));
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    for process in &processes {
        let usage = process.transport.usage();
        assert_eq!((usage.connected, usage.connections_in, usage.connections_out), (2, 2, 2), "two connections to each pair");
        assert_eq!(usage.requests, 4, "tasks x hosts");
        assert_eq!(process.memory.reserved_bytes(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_are_read_in_any_order() {
    for (size_in_flight, files) in [(4 << 20, false), (64 << 10, true)] {
        let config = TransportConfig { max_size_in_flight: size_in_flight, ..config() };
        let (here, there) = (Process::start("e1", &config, "memory:").await, Process::start("e2", &config, "file:").await);
        write_maps(&there, 0..20, 2, 400);
        let lanes = (0..20).map(|map| vec![there.wanted(map, 1..2)]).collect();
        let mut lanes = here.fetch(1, there.transport.address(), lanes);
        // As a merge does: a batch of each, then the rest, the last lane first.
        let mut heads = Vec::new();
        for lane in &mut lanes {
            heads.push(lane.next_batch().await.unwrap().unwrap().num_rows());
        }
        for (map, lane) in (0..20).zip(&mut lanes).rev() {
            let rest = ids(lane, 1).await.unwrap();
            assert_eq!(heads[map as usize] + rest.len(), 400);
            assert_eq!(expected(map..map + 1, 2, 1, 400)[heads[map as usize]..], rest);
        }
        assert_eq!(here.counters.requests.load(Ordering::Relaxed), 1);
        // So many lanes of so little are read from a file.
        let to_disk = here.counters.remote_bytes_to_disk.load(Ordering::Relaxed);
        assert_eq!(to_disk > 0, files);
        assert_eq!(here.spooled_files(), usize::from(files));
        drop(lanes);
        assert_eq!((here.spooled_files(), here.memory.reserved_bytes()), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_requests_than_hosts_keep_the_order() {
    let config = TransportConfig { max_reqs_in_flight: 1, ..config() };
    let here = Process::start("e1", &config, "memory:").await;
    let mut servers = Vec::new();
    for id in ["e2", "e3", "e4"] {
        servers.push(Process::start(id, &config, "memory:").await);
    }
    // Map m is on host m % 3.
    for map in 0..9 {
        write_maps(&servers[map as usize % 3], map..map + 1, 1, 2000);
    }
    let requests = (0..3_u32).map(|i| {
        let there = &servers[i as usize];
        let lane = (0..3).map(|n| there.wanted(3 * n + i, 0..1)).collect();
        HostRequest { address: there.transport.address().to_owned(), lanes: vec![lane] }
    });
    let mut readers = here.transport.fetch(1, &schema(), requests.collect(), here.env()).unwrap();
    let mut got = Vec::new();
    for map in 0..9 {
        got.extend(ids(&mut readers[map % 3][0], 1).await.unwrap());
    }
    assert_eq!(got, expected(0..9, 1, 0, 2000));
    assert_eq!(here.counters.requests.load(Ordering::Relaxed), 3);
    let counters = &here.counters;
    assert_eq!(counters.remote_bytes_to_disk.load(Ordering::Relaxed), counters.remote_bytes.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_blocks_and_tasks_without_memory_go_to_files() {
    // A limit that only the second block exceeds.
    let config = TransportConfig { max_block_to_memory: 1 << 20, ..config() };
    let (here, there) = (Process::start("e1", &config, "memory:").await, Process::start("e2", &config, "file:").await);
    there.write(1, 0, &[vec![batch(0, 100, 30)], vec![batch(100, 8000, 400)], vec![batch(8100, 100, 30)]]);
    let lane = (0..3).map(|p| there.wanted(0, p..p + 1)).collect();
    let mut reader = here.fetch(1, there.transport.address(), vec![lane]).remove(0);
    assert_eq!(ids(&mut reader, 3).await.unwrap(), (0..8200).collect::<Vec<_>>());
    let counters = &here.counters;
    let (all, disk) = (counters.remote_bytes.load(Ordering::Relaxed), counters.remote_bytes_to_disk.load(Ordering::Relaxed));
    assert!(disk > 1 << 20 && disk < all, "{disk} of {all}");
    drop(reader);
    assert_eq!(here.spooled_files(), 0);

    // A process whose memory is used up.
    let poor = Process::with_memory("e3", &support::config(), "memory:", 8 << 20).await;
    let greedy = poor.memory.task(kiln_memory::TaskKey(99)).consumer("greedy", false);
    greedy.grow(8 << 20);
    let lane = (0..3).map(|p| there.wanted(0, p..p + 1)).collect();
    let mut reader = poor.fetch(1, there.transport.address(), vec![lane]).remove(0);
    assert_eq!(ids(&mut reader, 3).await.unwrap(), (0..8200).collect::<Vec<_>>());
    assert!(poor.counters.remote_bytes_to_disk.load(Ordering::Relaxed) > 0);
    drop((reader, greedy));
    assert_eq!((poor.memory.reserved_bytes(), poor.spooled_files()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_up_nobody() {
    let (here, there) = (Process::start("e1", &config(), "memory:").await, Process::start("e2", &config(), "file:").await);
    // 40 MB, which no window takes.
    for map in 0..20 {
        there.write(1, map, &[vec![batch(i64::from(map) * 8192, 8192, 250)]]);
    }
    let lane = || (0..20).map(|map| there.wanted(map, 0..1)).collect::<Vec<_>>();
    let mut slow = here.fetch(1, there.transport.address(), vec![lane()]).remove(0);
    let first = slow.next_batch().await.unwrap().unwrap().num_rows();
    // It has its window full by now, and is not read while others read all over the same connection.
    for _ in 0..2 {
        let mut fast = here.fetch(1, there.transport.address(), vec![lane()]).remove(0);
        assert_eq!(ids(&mut fast, 20).await.unwrap().len(), 20 * 8192);
    }
    assert_eq!(first + ids(&mut slow, 20).await.unwrap().len(), 20 * 8192);
    assert_eq!(here.transport.usage().connected, 1);
    assert!(here.memory.usage().peak_execution_bytes < 16 << 20, "no more is held than what was allowed");
}
