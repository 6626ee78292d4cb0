//! Peers that should not be there: they are turned away, said to be, and take nothing down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use kiln_transport::{TlsConfig, Transport, TransportConfig, TransportError};
use parking_lot::Mutex;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Log = Arc<Mutex<Vec<String>>>;

async fn server(config: &TransportConfig) -> (Transport, Log) {
    let server = Transport::open(config).await.unwrap();
    server.put_blob("b", Bytes::from_static(b"hello"));
    let log = Log::default();
    let to = Arc::clone(&log);
    server.set_log(Some(Arc::new(move |message: &str| to.lock().push(message.to_owned()))));
    (server, log)
}

/// It serves its own as before.
async fn still_works(server: &Transport) {
    let friend = Transport::open(&config()).await.unwrap();
    assert_eq!(friend.fetch_blob(server.address(), "b").await.unwrap(), b"hello");
    friend.close().await;
    until(|| server.usage().connections_in == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_or_application_is_refused_at_once_and_logged() {
    let (server, log) = server(&config()).await;
    let wrong_secret = TransportConfig { secret: "YW5vdGhlcg==".to_owned(), ..config() };
    let wrong_application = TransportConfig { application_id: "app-2".to_owned(), ..config() };
    for (config, word) in [(wrong_secret, "secret"), (wrong_application, "app-2")] {
        let stranger = Transport::open(&TransportConfig { max_retries: 1000, ..config }).await.unwrap();
        let error = stranger.fetch_blob(server.address(), "b").await.unwrap_err();
        assert!(matches!(error, TransportError::Refused { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        let last = log.lock().last().cloned().unwrap();
        assert!(last.contains(word) && last.contains("127.0.0.1"), "{last}");
    }
    assert_eq!(server.usage().refused, 2, "no further tries");
    let missing = Transport::open(&TransportConfig { secret: String::new(), ..config() }).await;
    assert!(matches!(missing, Err(TransportError::Invalid(_))));
    still_works(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_the_secret_gets_nothing() {
    // It answers a challenge that it cannot meet: by chance, or with the caller's own proof.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut reader, mut writer) = stream.split();
        tokio::io::copy(&mut reader, &mut writer).await
    });
    let client = Transport::open(&TransportConfig { max_retries: 0, ..config() }).await.unwrap();
    assert!(client.fetch_blob(&address, "b").await.is_err());
    client.close().await;
    echo.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_and_long_frames_and_silence_take_nothing_down() {
    let (server, log) = server(&TransportConfig { connect_timeout_millis: 300, ..config() }).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(server.address()).await.unwrap());
    }
    let garbage: [&[u8]; 4] = [b"GET / HTTP/1.1\r\n\r\n", &[0xff; 64], &[0; 64], &[16, 0, 0, 0, 1]];
    for bytes in garbage {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        // It is closed without an answer; at the latest when the handshake takes too long.
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty());
    }
    for mut stream in silent {
        let _ = stream.read(&mut [0; 8]).await;
    }
    until(|| server.usage().refused == 24).await;
    let log = log.lock().clone();
    assert!(log.iter().any(|line| line.contains("no handshake in time")), "{log:?}");
    assert!(log.iter().any(|line| line.contains("where 4096 are the most")), "{log:?}");
    still_works(&server).await;
}

#[test]
fn any_bytes_after_the_handshake_end_only_their_connection() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (server, _) = runtime.block_on(server(&config()));
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() });
    // What a client sends passes a road that replaces it by anything once the handshake is over.
    let bytes = proptest::collection::vec(any::<u8>(), 1..200);
    runner
        .run(&(bytes, any::<bool>()), |(bytes, framed)| {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap().to_string();
                let target = server.address().to_owned();
                let road = async {
                    let (mut near, _) = listener.accept().await.unwrap();
                    let mut far = TcpStream::connect(&target).await.unwrap();
                    // Hello, challenge, proof, accept.
                    for turn in 0..4 {
                        let (from, to) = if turn % 2 == 0 { (&mut near, &mut far) } else { (&mut far, &mut near) };
                        let length = from.read_u32_le().await.unwrap();
                        let mut body = vec![0; length as usize];
                        from.read_exact(&mut body).await.unwrap();
                        to.write_u32_le(length).await.unwrap();
                        to.write_all(&body).await.unwrap();
                    }
                    if framed {
                        // A frame whose CRC fits, of any kind and body.
                        let mut frame = (bytes.len() as u32 + 16).to_le_bytes().to_vec();
                        frame.extend_from_slice(&[bytes[0] % 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
                        let crc = crc32c::crc32c_append(crc32c::crc32c(&frame), &bytes);
                        frame.extend_from_slice(&crc.to_le_bytes());
                        frame.extend_from_slice(&bytes);
                        far.write_all(&frame).await.unwrap();
                    } else {
                        far.write_all(&bytes).await.unwrap();
                    }
                    far.shutdown().await.unwrap();
                    let mut rest = Vec::new();
                    let _ = far.read_to_end(&mut rest).await;
                };
                let client = Transport::open(&TransportConfig { max_retries: 0, ..config() }).await.unwrap();
                let (fetched, ()) = tokio::join!(client.fetch_blob(&address, "b"), road);
                client.close().await;
                assert!(fetched.is_err());
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(still_works(&server));
}

/// An authority and a certificate of it.
fn certificates() -> TlsConfig {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["executors.example".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    TlsConfig { certificate: certificate.pem(), key: key.serialize_pem(), authority: authority.pem() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_takes_certificates_of_its_authority_only() {
    let (ours, theirs) = (certificates(), certificates());
    let with = |tls: Option<&TlsConfig>| TransportConfig { tls: tls.cloned(), max_retries: 0, ..config() };
    let (server, _) = server(&with(Some(&ours))).await;
    let large: Vec<u8> = (0..5_000_000_u32).map(|i| (i >> 5) as u8).collect();
    server.put_blob("large", Bytes::from(large.clone()));

    let friend = Transport::open(&with(Some(&ours))).await.unwrap();
    assert!(friend.fetch_blob(server.address(), "large").await.unwrap() == large);
    for other in [Some(&theirs), None] {
        let stranger = Transport::open(&with(other)).await.unwrap();
        assert!(stranger.fetch_blob(server.address(), "b").await.is_err());
        stranger.close().await;
    }
    assert_eq!(friend.fetch_blob(server.address(), "b").await.unwrap(), b"hello");
    assert!(Transport::open(&with(Some(&TlsConfig { key: ours.certificate.clone(), ..ours }))).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proofs_cannot_be_passed_on_between_tls_sessions() {
    // One in the middle, with a certificate of the same authority, ends TLS on both sides.
    let tls = certificates();
    let with = || TransportConfig { tls: Some(tls.clone()), max_retries: 0, ..config() };
    let (server, log) = server(&with()).await;
    let middle = support::tls_relay(server.address(), &tls).await;
    let client = Transport::open(&with()).await.unwrap();
    let error = client.fetch_blob(&middle, "b").await.unwrap_err();
    assert!(matches!(error, TransportError::Refused { .. }), "{error}");
    assert!(log.lock().iter().any(|line| line.contains("secret")), "{:?}", log.lock());
}
