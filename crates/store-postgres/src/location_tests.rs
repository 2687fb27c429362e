use super::*;

fn shown_of(text: &str) -> Result<String, LocationError> {
    text.parse::<StoreLocation>().map(|location| location.shown().display().to_string())
}

/// The mode of the driver for each server.
fn modes_of(text: &str) -> Vec<SslMode> {
    let location: StoreLocation = text.parse().unwrap();
    location.servers().iter().map(|server| server.config.get_ssl_mode()).collect()
}

#[test]
fn a_password_is_never_shown() {
    let location: StoreLocation = "postgres://dancu:geheim@localhost:5433/register".parse().unwrap();
    assert!(location.holds_password());
    assert_eq!(location.shown().display().to_string(), "postgres://localhost:5433/register");
    assert_eq!(format!("{location:?}"), "StoreLocation(postgres://localhost:5433/register)");
    assert!(!"postgres://dancu@localhost/register".parse::<StoreLocation>().unwrap().holds_password());
}

#[test]
fn a_password_beside_the_address_is_used_and_never_shown() {
    let variable = |name: &str| (name == "PGPASSWORD").then(|| OsString::from("geheim"));
    let location = StoreLocation::read("postgres://dancu@localhost/register", &variable).unwrap();
    assert_eq!(location.servers()[0].config.get_password(), Some(&b"geheim"[..]));
    assert!(!location.holds_password(), "it is not in the address");
    let location = StoreLocation::read("postgres://dancu:other@localhost/register", &variable).unwrap();
    assert_eq!(location.servers()[0].config.get_password(), Some(&b"other"[..]), "the address comes first");
}

#[test]
fn another_machine_is_spoken_to_by_verified_tls_unless_something_else_is_said() {
    assert_eq!(modes_of("postgres://u@db.example/x"), [SslMode::Require]);
    assert_eq!(modes_of("postgres://u@10.0.0.5/x?sslmode=disable"), [SslMode::Disable]);
    assert_eq!(shown_of("postgres://u@10.0.0.5/x?sslmode=prefer"), Err(LocationError::Unencrypted));
    for near in ["postgres://u@127.0.0.1/x", "postgres://u@[::1]/x", "postgres:///x?host=/run/postgresql"] {
        assert_eq!(modes_of(near), [SslMode::Disable], "{near}");
    }
    assert_eq!(modes_of("postgres://u@localhost/x?sslmode=prefer"), [SslMode::Prefer]);
    assert_eq!(modes_of("postgres://u@localhost/x?sslmode=require"), [SslMode::Require]);
    assert_eq!(
        modes_of("postgres:///x?host=/run/postgresql&sslmode=require"),
        [SslMode::Disable],
        "a socket"
    );
}

#[test]
fn a_name_that_leads_elsewhere_is_elsewhere() {
    assert_eq!(modes_of("postgres://u@localhost/x?hostaddr=10.0.0.5"), [SslMode::Require]);
    // A certificate could not be compared with any name.
    assert_eq!(shown_of("postgres:///x?hostaddr=10.0.0.5"), Err(LocationError::Unreadable));
}

#[test]
fn of_several_servers_the_one_that_takes_writes_is_meant() {
    let text = "postgres://u@db1.example,db2.example:6432/x?application_name=y";
    let location: StoreLocation = text.parse().unwrap();
    assert_eq!(location.shown().display().to_string(), "postgres://db1.example:5432,db2.example:6432/x");
    let servers = location.servers();
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[1].config.get_ports(), [6432]);
    for server in &*servers {
        assert_eq!(server.config.get_hosts().len(), 1);
        assert_eq!(server.config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.pem");
    let text = format!("postgres://u@db.example/x?sslrootcert={}", path.display());
    let problem_of = |text: &str| match text.parse::<StoreLocation>() {
        Err(LocationError::File { problem, .. }) => Some(problem),
        _ => None,
    };
    assert_eq!(problem_of(&text), Some(FileProblem::Unreadable));
    std::fs::write(&path, "no certificate").unwrap();
    assert_eq!(problem_of(&text), Some(FileProblem::Malformed));
    let passfile = format!("postgres://u@localhost/x?passfile={}", folder.path().join("none").display());
    assert_eq!(problem_of(&passfile), Some(FileProblem::Unreadable));
}

#[test]
fn what_is_no_address_is_refused() {
    for text in [
        "",
        "var/data",
        "mysql://u@localhost/x",
        "postgres://",
        "postgres://localhost:x/y",
        "postgres://localhost/x?sslmode=maybe",
        "postgres://localhost/x?sslmode",
        "postgres://localhost/x?unknown=1",
        "postgres://a,b/x?load_balance_hosts=random",
        "postgres://u@db.example/x?sslmode=verify-ca",
        "postgres://u@db.example/x?sslcert=/etc/ssl/only-one.pem",
    ] {
        assert_eq!(shown_of(text), Err(LocationError::Unreadable), "{text}");
    }
}
