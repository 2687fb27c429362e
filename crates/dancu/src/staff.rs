//! `dancu staff …`: accounts of those who work with the platform.

use crate::{cli::StaffCommand, failure::Failure, platform::Platform};
use dancu_exchange::ClientId;
use dancu_identity::{IssuedCode, Role, StaffId, StaffProfile};

fn bad_role() -> Failure {
    Failure::new(
        "DANCU-CLI-020",
        "Vai trò phải là `receptionist:<mã phần mềm>`, `officer:<mã xã>`, `agency:<mã tổ chức>` hoặc `operator`; phần mềm, tổ chức phải được kết nối trước.",
        "The role must be `receptionist:<client>`, `officer:<commune code>`, `agency:<organisation>` or `operator`; the client or organisation must be connected first.",
    )
}

fn bad_sealed_client() -> Failure {
    Failure::new(
        "DANCU-CLI-021",
        "`--sealed` chỉ dành cho cán bộ và phải trỏ tới phần mềm đã kết nối có hợp đồng ghi nhóm niêm phong (`sealed`).",
        "`--sealed` is for officers, and names a connected client whose contract lists sealed groups (`sealed`).",
    )
}

/// Reads a role as the command line writes it; `sealed` is the client under whose contract an officer reads sealed values.
pub async fn role(platform: &Platform, text: &str, sealed: Option<&str>) -> Result<Role, Failure> {
    let sealed_client = sealed.map(|client| sealed_client(platform, client)).transpose()?;
    match text.split_once(':') {
        Some(("officer", commune)) => Ok(Role::Officer { commune: commune.parse()?, sealed_client }),
        _ if sealed_client.is_some() => Err(bad_sealed_client()),
        None if text == "operator" => Ok(Role::Operator),
        Some(("agency", organisation)) => {
            let (organisations, _, _) = platform.state.exchange_store.connections().await?;
            let found = organisations.into_iter().find(|row| row.id.as_str() == organisation);
            let organisation = found.ok_or_else(bad_role)?.id.to_string();
            Ok(Role::Agency { organisation })
        }
        Some(("receptionist", client)) => {
            let id: ClientId = client.parse()?;
            let caller = platform.state.directory.caller(&id).ok_or_else(bad_role)?;
            let organisation = caller.organisation.id.to_string();
            Ok(Role::Receptionist { organisation, client: client.to_owned() })
        }
        _ => Err(bad_role()),
    }
}

fn sealed_client(platform: &Platform, client: &str) -> Result<String, Failure> {
    let id: ClientId = client.parse()?;
    let caller = platform.state.directory.caller(&id).ok_or_else(bad_sealed_client)?;
    if caller.contract.sealed.is_empty() { Err(bad_sealed_client()) } else { Ok(id.to_string()) }
}

/// Opens or changes an account and issues a code.
pub async fn add(platform: &Platform, id: &str, name: &str, role: Role) -> Result<IssuedCode, Failure> {
    let profile = StaffProfile { id: id.parse()?, name: name.parse()?, role };
    let id = platform.state.identity.put_staff(profile).await?.id;
    Ok(platform.state.identity.issue_staff_code(&id).await?)
}

/// Runs `dancu staff …`.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub async fn run(platform: &Platform, command: &StaffCommand) -> Result<(), Failure> {
    let issued = match command {
        StaffCommand::Add { id, name, role: text, sealed, number } => {
            let number = number.as_deref().map(str::parse).transpose()?;
            let issued = add(platform, id, name, role(platform, text, sealed.as_deref()).await?).await?;
            if number.is_some() {
                platform.stores.alarms.put_own_number(id, number).await?;
            }
            issued
        }
        StaffCommand::Code { id } => {
            platform.state.identity.issue_staff_code(&id.parse::<StaffId>()?).await?
        }
        StaffCommand::Close { id } => {
            platform.state.identity.close_staff(&id.parse()?).await?;
            platform.stores.alarms.put_own_number(id, None).await?;
            println!("Đã đóng tài khoản. / The account is closed.");
            return Ok(());
        }
    };
    println!("{}", issued.code.shown());
    eprintln!("Mã dùng một lần, đến {0}. / Good once, until {0}.", issued.expires);
    Ok(())
}
