//! Blobs: pieces of any number, and answers that say what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bytes::Bytes;
use kiln_transport::{FetchCause, Transport, TransportConfig, TransportError};
use support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_comes_as_it_was_put() {
    let (here, there) = (Transport::open(&config()).await.unwrap(), Transport::open(&config()).await.unwrap());
    let large: Vec<u8> = (0..40_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    there.put_blob("large", Bytes::from(large.clone()));
    there.put_blob("empty", Bytes::new());
    there.put_blob("small", Bytes::from_static(b"hello"));
    assert_eq!(here.fetch_blob(there.address(), "small").await.unwrap(), b"hello");
    assert_eq!(here.fetch_blob(there.address(), "empty").await.unwrap(), b"");
    assert!(here.fetch_blob(there.address(), "large").await.unwrap() == large);
    let usage = there.usage();
    assert_eq!((usage.blobs, usage.blob_bytes), (3, 40_000_005));
    assert_eq!((usage.connections_in, here.usage().connected), (1, 1), "one connection for all");

    there.remove_blob("small");
    let error = here.fetch_blob(there.address(), "small").await.unwrap_err();
    assert_eq!((error.code(), error.cause()), ("KILN_FETCH_MISSING", FetchCause::Missing));
    there.close().await;
    until(|| here.usage().connections_out == 0).await;
    here.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_goes_on_after_a_cut() {
    let (here, there) = (Transport::open(&config()).await.unwrap(), Transport::open(&config()).await.unwrap());
    let blob: Vec<u8> = (0..9_000_000_u32).map(|i| (i >> 3) as u8).collect();
    there.put_blob("b", Bytes::from(blob.clone()));
    let road = Road::to(there.address(), Harm::Cut, 5_000_000).await;
    assert!(here.fetch_blob(&road.address, "b").await.unwrap() == blob);
    assert_eq!(here.usage().connected, 2);
    assert!(there.usage().bytes_sent < 14_000_000, "it did not begin anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_blob_is_fetched_again_and_then_an_error() {
    let (here, there) = (Transport::open(&config()).await.unwrap(), Transport::open(&config()).await.unwrap());
    there.put_blob("b", Bytes::from(vec![7; 3_000_000]));
    let road = Road::to(there.address(), Harm::Flip, 2_000_000).await;
    assert!(here.fetch_blob(&road.address, "b").await.unwrap() == vec![7; 3_000_000]);
    assert_eq!(here.usage().requests, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_an_error_after_the_tries() {
    let here = Transport::open(&TransportConfig { max_retries: 2, ..config() }).await.unwrap();
    let gone = Transport::open(&config()).await.unwrap();
    let address = gone.address().to_owned();
    gone.close().await;
    let error = here.fetch_blob(&address, "b").await.unwrap_err();
    assert!(matches!(&error, TransportError::Network { source: Some(_), .. }), "{error}");
    assert_eq!(error.code(), "KILN_FETCH_NETWORK");
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_known_to_be_gone_is_not_tried_again() {
    let here = Transport::open(&TransportConfig { max_retries: 1_000_000, retry_wait_millis: 1, ..config() }).await.unwrap();
    let gone = Transport::open(&config()).await.unwrap();
    let address = gone.address().to_owned();
    gone.close().await;
    let (fetched, ()) = tokio::join!(here.fetch_blob(&address, "b"), async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        here.peer_gone(&address);
    });
    assert_eq!(fetched.unwrap_err().cause(), FetchCause::Network);
    assert!(matches!(here.fetch_blob(&address, "b").await, Err(TransportError::Gone { .. })));
}
