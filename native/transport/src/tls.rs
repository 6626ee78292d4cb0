//! TLS 1.3 by rustls. A peer's certificate must come from the configured authority;
//! its name is not looked at, as executors move between hosts: the challenge is bound
//! to the session, so that a holder of another certificate cannot stand in between.

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::config::TlsConfig;
use crate::error::{Result, TransportError};

const BINDING_LABEL: &[u8] = b"EXPORTER-Channel-Binding";

pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A connection's two directions, and what binds proofs to it.
pub(crate) struct Socket {
    pub reader: Reader,
    pub writer: Writer,
    pub binding: Vec<u8>,
}

/// Both roles of one process; plain TCP without a configuration.
#[derive(Clone, Default)]
pub(crate) struct Tls(Option<(TlsAcceptor, TlsConnector)>);

impl Tls {
    pub fn new(config: Option<&TlsConfig>) -> Result<Self> {
        let Some(config) = config else {
            return Ok(Self(None));
        };
        let invalid = |what: &str, error: &dyn std::fmt::Display| TransportError::Invalid(format!("TLS: {what}: {error}"));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in certificates("the authority", &config.authority)? {
            roots.add(certificate).map_err(|e| invalid("the authority", &e))?;
        }
        let key = PrivateKeyDer::from_pem_slice(config.key.as_bytes()).map_err(|e| invalid("the private key", &e))?;
        let chain = certificates("the certificate", &config.certificate)?;
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| invalid("version 1.3", &e))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| invalid("the certificate", &e))?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|e| invalid("the authority", &e))?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| invalid("version 1.3", &e))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyName(verifier)))
            .with_no_client_auth();
        Ok(Self(Some((TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client))))))
    }

    pub async fn accept(&self, stream: TcpStream) -> io::Result<Socket> {
        let Some((acceptor, _)) = &self.0 else {
            return Ok(plain(stream));
        };
        let stream = acceptor.accept(stream).await?;
        let binding = stream.get_ref().1.export_keying_material(vec![0; 32], BINDING_LABEL, Some(b"")).map_err(io::Error::other)?;
        let (reader, writer) = tokio::io::split(stream);
        Ok(Socket { reader: Box::new(reader), writer: Box::new(writer), binding })
    }

    pub async fn connect(&self, stream: TcpStream) -> io::Result<Socket> {
        let Some((_, connector)) = &self.0 else {
            return Ok(plain(stream));
        };
        let name = ServerName::IpAddress(stream.peer_addr()?.ip().into());
        let stream = connector.connect(name, stream).await?;
        let binding = stream.get_ref().1.export_keying_material(vec![0; 32], BINDING_LABEL, Some(b"")).map_err(io::Error::other)?;
        let (reader, writer) = tokio::io::split(stream);
        Ok(Socket { reader: Box::new(reader), writer: Box::new(writer), binding })
    }
}

fn plain(stream: TcpStream) -> Socket {
    let (reader, writer) = stream.into_split();
    Socket { reader: Box::new(reader), writer: Box::new(writer), binding: Vec::new() }
}

fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let invalid = |error: &dyn std::fmt::Display| TransportError::Invalid(format!("TLS: {what}: {error}"));
    let found = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(|e| invalid(&e))?;
    if found.is_empty() { Err(invalid(&"no certificate in it")) } else { Ok(found) }
}

/// Takes a certificate of the authority whatever its name is.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is checked last.
            Err(rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
