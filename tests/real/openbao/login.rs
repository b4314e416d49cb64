//! Every auth type that OpenBao has: the way in, and what is said when it is closed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::freeradius::{self, FreeRadius};
use super::jwt::JwtIssuer;
use super::slapd::{self, Slapd};
use super::{HELLO, lookup, mount_with_hello};
use crate::support::cli::Secretctl;
use crate::support::fake_server::{FakeServer, Response};
use crate::support::openbao::OpenBao;
use crate::support::tls::CertificateAuthority;

/// Reads variable `hello` of `mount` with these kwargs.
fn get_hello(server: &OpenBao, mount: &str, mut kwargs: Value) -> Secretctl {
    kwargs["mount_point"] = mount.into();
    lookup(server, &kwargs).args(["get-var", "hello"])
}

#[test]
fn token() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "token-login");
    let token = server.admin().new_token(&["token-login"], "1h");
    let get_hello = |kwargs| get_hello(server, "token-login", kwargs).secret(&token);

    get_hello(json!({"token": token}))
        .run()
        .prints(HELLO)
        .quietly();
    get_hello(json!({}))
        .env("VAULT_TOKEN", &token)
        .run()
        .prints(HELLO)
        .quietly();

    get_hello(json!({"token_path": "$HOME/token", "token": "not-this-one"}))
        .file("token", format!(" {token}\n"))
        .run()
        .prints(HELLO)
        .quietly();

    get_hello(json!({"token": "s.a-token-nobody-ever-made"}))
        .run()
        .fails_with(5);
    get_hello(json!({})).run().fails_with(7);
}

#[test]
fn a_token_that_has_expired() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "expired-token");
    let token = server.admin().new_token(&["expired-token"], "1s");
    std::thread::sleep(Duration::from_secs(2));
    get_hello(server, "expired-token", json!({"token": token}))
        .secret(&token)
        .run()
        .fails_with(5);
}

#[test]
fn approle() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "approle-login");
    let admin = server.admin();
    admin.enable_auth("approle", "approle");
    let role = "auth/approle/role/worker";
    admin.post(role, &json!({"token_policies": "approle-login"}));
    let role_id = text(&admin.get(&format!("{role}/role-id"))["data"]["role_id"]);
    let new_secret_id = |lifetime: &str| {
        let answer = admin.post(&format!("{role}/secret-id"), &json!({"ttl": lifetime}));
        text(&answer["data"]["secret_id"])
    };
    let get_hello = |secret_id: &str| {
        let kwargs = json!({"auth_type": "approle", "role_id": role_id, "secret_id": secret_id});
        get_hello(server, "approle-login", kwargs).secret(secret_id)
    };

    get_hello(&new_secret_id("1h"))
        .run()
        .prints(HELLO)
        .quietly();
    get_hello("00000000-0000-0000-0000-000000000000")
        .run()
        .fails_with(5);

    let expired = new_secret_id("1s");
    let login = json!({"role_id": role_id, "secret_id": expired});
    std::thread::sleep(Duration::from_secs(2));
    // The server forgets an expired secret id only when it tidies up.
    admin.post("auth/approle/tidy/secret-id", &json!({}));
    while admin.can_log_in("auth/approle/login", &login) {
        std::thread::sleep(Duration::from_millis(50));
    }
    get_hello(&expired).run().fails_with(5);
}

#[test]
fn userpass() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "userpass-login");
    let admin = server.admin();
    admin.enable_auth("people", "userpass");
    let password = "the-password-of-bob";
    admin.post(
        "auth/people/users/bob",
        &json!({"password": password, "token_policies": "userpass-login"}),
    );
    let get_hello = |username: &str, password: &str| {
        let kwargs = json!({
            "auth_type": "userpass", "auth_mount_point": "people", "username": username, "password": password,
        });
        get_hello(server, "userpass-login", kwargs).secret(password)
    };

    get_hello("bob", password).run().prints(HELLO).quietly();
    get_hello("bob", "not-the-password-of-bob")
        .run()
        .fails_with(5);
    get_hello("nobody", password).run().fails_with(5);
}

#[test]
fn an_auth_method_that_is_not_mounted() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    let kwargs = json!({"auth_type": "github", "auth_mount_point": "not-mounted", "token": "ghp_not_a_real_token"});
    get_hello(server, "secret", kwargs)
        .secret("ghp_not_a_real_token")
        .run()
        .fails_with(5)
        .says("not-mounted");
}

#[test]
fn jwt() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "jwt-login");
    let admin = server.admin();
    let issuer = JwtIssuer::new();
    admin.enable_auth("jwt", "jwt");
    admin.post(
        "auth/jwt/config",
        &json!({"jwt_validation_pubkeys": [issuer.public_key()]}),
    );
    admin.post("auth/jwt/role/worker", &json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["openbao"], "token_policies": "jwt-login",
    }));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let claims = json!({"sub": "worker", "aud": "openbao", "iat": now, "exp": now + 600});
    let get_hello = |mut kwargs: Value| {
        kwargs["auth_type"] = "jwt".into();
        get_hello(server, "jwt-login", kwargs)
    };
    let get_hello_with = |role: &str, token: &str| {
        get_hello(json!({"jwt_role": role, "jwt_token": token})).secret(token)
    };

    let expired = json!({"sub": "worker", "aud": "openbao", "iat": now - 7200, "exp": now - 3600});
    let token = issuer.sign(&claims);
    get_hello_with("worker", &token)
        .run()
        .prints(HELLO)
        .quietly();
    get_hello(json!({"jwt_role": "worker", "jwt_token_path": "$HOME/jwt"}))
        .file("jwt", format!("{token}\n"))
        .secret(&token)
        .run()
        .prints(HELLO)
        .quietly();

    for (role, token) in [
        ("another-role", &token),
        ("worker", &JwtIssuer::new().sign(&claims)),
        ("worker", &issuer.sign(&expired)),
    ] {
        get_hello_with(role, token).run().fails_with(5);
    }
}

/// Kubernetes itself is played by a server that knows one service account.
#[test]
fn kubernetes() {
    let Some(server) = OpenBao::shared() else {
        return;
    };
    mount_with_hello(server, "kubernetes-login");
    let (issuer, authority) = (JwtIssuer::new(), CertificateAuthority::new());
    let [worker, stranger] =
        ["worker", "stranger"].map(|account| issuer.sign(&service_account_claims(account)));
    let known = worker.clone();
    let cluster = FakeServer::start_tls(authority.server(), move |request| {
        let is_review = request.path() == "/apis/authentication.k8s.io/v1/tokenreviews";
        let account = if request.json()["spec"]["token"] == *known {
            "worker"
        } else {
            "stranger"
        };
        is_review.then(|| Response::json(201, &token_review(account)))
    });

    let admin = server.admin();
    admin.enable_auth("kubernetes", "kubernetes");
    admin.post(
        "auth/kubernetes/config",
        &json!({
            "kubernetes_host": cluster.url(), "kubernetes_ca_cert": authority.pem(),
            "disable_local_ca_jwt": true, "disable_iss_validation": true,
        }),
    );
    admin.post(
        "auth/kubernetes/role/airflow",
        &json!({
            "bound_service_account_names": "worker", "bound_service_account_namespaces": "airflow",
            "token_policies": "kubernetes-login",
        }),
    );
    let get_hello = |token: &str| {
        let kwargs = json!({
            "auth_type": "kubernetes", "kubernetes_role": "airflow", "kubernetes_jwt_path": "$HOME/jwt",
        });
        get_hello(server, "kubernetes-login", kwargs)
            .file("jwt", token)
            .secret(token)
    };

    get_hello(&worker).run().prints(HELLO).quietly();
    get_hello(&stranger).run().fails_with(5);
}

/// What a cluster writes into the token of a service account.
fn service_account_claims(account: &str) -> Value {
    json!({
        "iss": "kubernetes/serviceaccount", "sub": format!("system:serviceaccount:airflow:{account}"),
        "kubernetes.io/serviceaccount/namespace": "airflow",
        "kubernetes.io/serviceaccount/service-account.name": account,
        "kubernetes.io/serviceaccount/service-account.uid": "1d1d1d1d",
    })
}

fn token_review(account: &str) -> Value {
    let username = format!("system:serviceaccount:airflow:{account}");
    let user =
        json!({"username": username, "uid": "1d1d1d1d", "groups": ["system:serviceaccounts"]});
    json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "status": {"authenticated": true, "user": user},
    })
}

#[test]
fn ldap() {
    let (Some(server), Some(directory)) = (OpenBao::shared(), Slapd::start()) else {
        return;
    };
    mount_with_hello(server, "ldap-login");
    let admin = server.admin();
    admin.enable_auth("ldap", "ldap");
    admin.post(
        "auth/ldap/config",
        &json!({
            "url": directory.url(), "userdn": slapd::BASE, "userattr": "uid", "discoverdn": true,
        }),
    );
    admin.post(
        &format!("auth/ldap/users/{}", slapd::USERNAME),
        &json!({"policies": "ldap-login"}),
    );
    let get_hello = |password: &str| {
        let kwargs =
            json!({"auth_type": "ldap", "username": slapd::USERNAME, "password": password});
        get_hello(server, "ldap-login", kwargs).secret(password)
    };

    get_hello(slapd::PASSWORD).run().prints(HELLO).quietly();
    get_hello("not-the-ldap-password").run().fails_with(5);
}

/// Airflow's radius "login" overwrites the configuration of the mount and then uses the token of the environment.
/// `secretctl` uses that token and leaves the mount alone.
#[test]
fn radius() {
    let (Some(server), Some(radius)) = (OpenBao::shared(), FreeRadius::start()) else {
        return;
    };
    mount_with_hello(server, "radius-login");
    let admin = server.admin();
    admin.enable_auth("radius", "radius");
    let (host, port) = ("127.0.0.1", radius.port());
    admin.post(
        "auth/radius/config",
        &json!({"host": host, "port": port, "secret": freeradius::SHARED_SECRET}),
    );
    admin.post(
        &format!("auth/radius/users/{}", freeradius::USERNAME),
        &json!({"policies": "radius-login"}),
    );
    let can_log_in = |password: &str| {
        admin.can_log_in(
            &format!("auth/radius/login/{}", freeradius::USERNAME),
            &json!({"password": password}),
        )
    };
    assert!(can_log_in(freeradius::PASSWORD) && !can_log_in("not-the-radius-password"));
    let before = admin.get("auth/radius/config")["data"].clone();

    let kwargs = json!({
        "auth_type": "radius", "radius_host": "192.0.2.1", "radius_port": 1, "radius_secret": "another-radius-secret",
    });
    let get_hello =
        || get_hello(server, "radius-login", kwargs.clone()).secret("another-radius-secret");
    let token = admin.new_token(&["radius-login"], "1h");
    get_hello()
        .env("VAULT_TOKEN", &token)
        .secret(&token)
        .run()
        .prints(HELLO);
    get_hello()
        .env("VAULT_TOKEN", server.root_token())
        .run()
        .prints(HELLO);
    get_hello().run().fails_with(5).says("VAULT_TOKEN");

    assert_eq!(admin.get("auth/radius/config")["data"], before);
    assert!(
        can_log_in(freeradius::PASSWORD),
        "the configuration of the mount was overwritten"
    );
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
