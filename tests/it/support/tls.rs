//! A private certificate authority, and the TLS settings of a fake server that it vouches for.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

/// Where a fake server listens.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority that nobody trusts unless told to.
pub struct CertificateAuthority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, both in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl CertificateAuthority {
    /// Makes a new authority.
    pub fn new() -> Self {
        let mut params = named("secretctl test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a CA certificate");
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Its certificate, as a CA file holds it.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for a client.
    pub fn issue_client(&self, name: &str) -> Identity {
        let mut params = named(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (certificate, key) = self.issue(&params);
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Settings for a server at `127.0.0.1` and `localhost`.
    pub fn server(&self) -> ServerConfig {
        self.server_named(&LOCAL)
    }

    /// Settings for a server at other names, which a proxy leads to.
    pub fn server_named(&self, names: &[&str]) -> ServerConfig {
        self.server_that_verifies(names, WebPkiClientVerifier::no_client_auth())
    }

    /// Settings for a server that demands a client certificate of this authority.
    pub fn server_for_known_clients(&self) -> ServerConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.certificate.der().clone())
            .expect("a usable CA certificate");
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        self.server_that_verifies(&LOCAL, verifier.expect("a client certificate verifier"))
    }

    fn server_that_verifies(
        &self,
        names: &[&str],
        verifier: Arc<dyn ClientCertVerifier>,
    ) -> ServerConfig {
        let mut params = named("secretctl test server");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        params.subject_alt_names = CertificateParams::new(names)
            .expect("valid names")
            .subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (certificate, key) = self.issue(&params);
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS#8 key");
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("the key fits the certificate")
    }

    fn issue(&self, params: &CertificateParams) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("a signed certificate");
        (certificate, key)
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
