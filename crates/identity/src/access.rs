//! The one place where it is decided who may do what. Nothing else in the platform compares roles.

use crate::{Principal, Role};

/// Declares the enumeration together with the list of all its variants, so that no test can miss one.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Everything that a person can ask of the platform through its pages and their JSON twins.
        /// (Client systems of organisations are no persons: their contracts are decided in the exchange.)
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

operations! {
    /// Read the checkpoints and tiles of the public log.
    ReadPublicLog,
    /// Redeem a code or sign in with a passkey.
    SignIn,
    /// Sign out, and see one's own sessions.
    ManageOwnSessions,
    /// Register a passkey for oneself.
    RegisterPasskey,
    /// Read one's own record.
    ReadOwnRecord,
    /// Read one's own sealed values.
    ReadOwnSealed,
    /// Read one's own household.
    ReadOwnHousehold,
    /// Read who looked at oneself, with the proofs.
    ReadOwnDisclosures,
    /// Check a card that someone presents.
    ScanCard,
    /// Admit the visitor whose card was checked.
    AdmitVisit,
    /// List the visits of one's own organisation.
    ListVisits,
    /// Print a code by which a citizen registers a passkey.
    PrintEnrolmentCode,
    /// Register births, deaths, marriages, moves and other events of one's own commune, and take them back.
    RegisterEvents,
    /// Read a person's file and history for a matter in hand.
    ReadPersonFile,
    /// Read sealed values of one person, with a stated reason.
    ReadSealed,
    /// Search for persons by name, birth, commune or parents.
    SearchPersons,
    /// Read the history of one's own record.
    ReadHistory,
    /// See who asks for one's consent, grant or refuse it, and withdraw it.
    ManageOwnConsents,
    /// Sign in at portals with one's own account, see which ones learn what, and disconnect them.
    SignInAtPortals,
    /// Complain about a look, have questions restricted, object, and see how far it is.
    SendPrivacyRequest,
    /// Propose a correction of one's own record, see how far it is, and withdraw it.
    ProposeCorrection,
    /// See and decide the corrections that wait for one's own commune.
    DecideCorrection,
    /// Approve, as a second officer, a correction of an identity.
    ApproveCorrection,
    /// See what is odd in the register: of one's own commune, or of all at the centre.
    ViewFindings,
    /// Take findings in hand and settle them.
    MoveFindings,
    /// See and answer persons' requests about their data.
    HandlePrivacyRequests,
    /// Enter and lift courts' orders behind which a person does not see a look; each takes two officers of the centre.
    ManageCourtOrders,
    /// See extracts of cohorts that clients ask for, approve and refuse them; each takes two officers of the centre.
    DecideExtracts,
    /// See doubtful pairs of files that are matched, row beside person, and decide whether they are one.
    ReviewFilePairs,
    /// See alarms about looks, decide them, lower limits at once, and give notice of a breach.
    HandleAlarms,
    /// See organisations, contracts, use against limits, and counters.
    ViewOperations,
    /// Connect organisations and their clients, and change their contracts.
    ManageConnections,
    /// See, apply for and look after the connections of one's own agency.
    ManageOwnConnections,
    /// See the persons of the synthetic country behind the sandbox.
    SeeSandbox,
    /// Review connections, and take them from one stage to the next.
    ReviewConnections,
}

/// Whether someone (`None`: nobody is signed in) may do something. Staff see no record as staff; as citizens they
/// sign in with their own passkey.
pub fn allows(principal: Option<&Principal>, operation: Operation) -> bool {
    match operation {
        Operation::ReadPublicLog | Operation::SignIn => true,
        Operation::ManageOwnSessions | Operation::RegisterPasskey => principal.is_some(),
        Operation::ReadOwnRecord
        | Operation::ReadOwnSealed
        | Operation::ReadOwnHousehold
        | Operation::ReadOwnDisclosures
        | Operation::ReadHistory
        | Operation::ManageOwnConsents
        | Operation::SignInAtPortals
        | Operation::SendPrivacyRequest
        | Operation::ProposeCorrection => {
            matches!(principal, Some(Principal::Citizen { .. }))
        }
        Operation::ScanCard | Operation::AdmitVisit | Operation::ListVisits => {
            matches!(role(principal), Some(Role::Receptionist { .. }))
        }
        Operation::PrintEnrolmentCode
        | Operation::RegisterEvents
        | Operation::ReadPersonFile
        | Operation::SearchPersons
        | Operation::DecideCorrection => {
            matches!(role(principal), Some(Role::Officer { .. }))
        }
        // Being an officer is not enough.
        Operation::ReadSealed => {
            matches!(role(principal), Some(Role::Officer { sealed_client: Some(_), .. }))
        }
        Operation::ApproveCorrection | Operation::ViewFindings | Operation::MoveFindings => {
            matches!(role(principal), Some(Role::Officer { .. } | Role::Operator))
        }
        Operation::SeeSandbox => matches!(role(principal), Some(Role::Agency { .. } | Role::Operator)),
        Operation::ManageOwnConnections => matches!(role(principal), Some(Role::Agency { .. })),
        Operation::DecideExtracts => role(principal).is_some_and(may_decide_extracts),
        Operation::HandlePrivacyRequests
        | Operation::ManageCourtOrders
        | Operation::ReviewFilePairs
        | Operation::HandleAlarms
        | Operation::ViewOperations
        | Operation::ManageConnections
        | Operation::ReviewConnections => {
            matches!(role(principal), Some(Role::Operator))
        }
    }
}

/// Whether a role may decide on extracts: asked again of whoever approved one before it is made.
pub const fn may_decide_extracts(role: &Role) -> bool {
    matches!(role, Role::Operator)
}

fn role(principal: Option<&Principal>) -> Option<&Role> {
    principal.and_then(Principal::role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, SessionId};

    /// Everyone who can stand at the door, in the order of the table's columns.
    fn everyone() -> [Option<Principal>; 8] {
        let account = AccountId::from_bytes(&[1; 16]).unwrap();
        let session = SessionId::from_bytes(&[2; 16]).unwrap();
        let number = "001099000017".parse().unwrap();
        let staff = |role| {
            Some(Principal::Staff {
                id: "a".parse().unwrap(),
                name: "An".parse().unwrap(),
                role,
                account,
                session,
            })
        };
        [
            None,
            Some(Principal::Enrolling { number, account, session }),
            Some(Principal::Citizen { number, account, session }),
            staff(Role::Receptionist { organisation: "hospital".into(), client: "desk".into() }),
            staff(Role::Officer { commune: "00004".parse().unwrap(), sealed_client: None }),
            staff(Role::Officer { commune: "00004".parse().unwrap(), sealed_client: Some("s".into()) }),
            staff(Role::Operator),
            staff(Role::Agency { organisation: "bank".into() }),
        ]
    }

    #[test]
    fn every_role_by_every_operation() {
        use Operation as O;
        #[rustfmt::skip]
        let table = [
            // nobody, enrolling, citizen, receptionist, officer, officer with the right to sealed values, operator, agency
            (O::ReadPublicLog,       [true, true, true, true, true, true, true, true]),
            (O::SignIn,              [true, true, true, true, true, true, true, true]),
            (O::ManageOwnSessions,   [false, true, true, true, true, true, true, true]),
            (O::RegisterPasskey,     [false, true, true, true, true, true, true, true]),
            (O::ReadOwnRecord,       [false, false, true, false, false, false, false, false]),
            (O::ReadOwnSealed,       [false, false, true, false, false, false, false, false]),
            (O::ReadOwnHousehold,    [false, false, true, false, false, false, false, false]),
            (O::ReadOwnDisclosures,  [false, false, true, false, false, false, false, false]),
            (O::ScanCard,            [false, false, false, true, false, false, false, false]),
            (O::AdmitVisit,          [false, false, false, true, false, false, false, false]),
            (O::ListVisits,          [false, false, false, true, false, false, false, false]),
            (O::PrintEnrolmentCode,  [false, false, false, false, true, true, false, false]),
            (O::RegisterEvents,      [false, false, false, false, true, true, false, false]),
            (O::ReadPersonFile,      [false, false, false, false, true, true, false, false]),
            (O::ReadSealed,          [false, false, false, false, false, true, false, false]),
            (O::SearchPersons,       [false, false, false, false, true, true, false, false]),
            (O::ReadHistory,         [false, false, true, false, false, false, false, false]),
            (O::ManageOwnConsents,   [false, false, true, false, false, false, false, false]),
            (O::SignInAtPortals,     [false, false, true, false, false, false, false, false]),
            (O::SendPrivacyRequest,  [false, false, true, false, false, false, false, false]),
            (O::ProposeCorrection,   [false, false, true, false, false, false, false, false]),
            (O::DecideCorrection,    [false, false, false, false, true, true, false, false]),
            (O::ApproveCorrection,   [false, false, false, false, true, true, true, false]),
            (O::ViewFindings,        [false, false, false, false, true, true, true, false]),
            (O::MoveFindings,        [false, false, false, false, true, true, true, false]),
            (O::HandlePrivacyRequests, [false, false, false, false, false, false, true, false]),
            (O::ManageCourtOrders,   [false, false, false, false, false, false, true, false]),
            (O::DecideExtracts,      [false, false, false, false, false, false, true, false]),
            (O::ReviewFilePairs,     [false, false, false, false, false, false, true, false]),
            (O::HandleAlarms,        [false, false, false, false, false, false, true, false]),
            (O::ViewOperations,      [false, false, false, false, false, false, true, false]),
            (O::ManageConnections,   [false, false, false, false, false, false, true, false]),
            (O::ManageOwnConnections, [false, false, false, false, false, false, false, true]),
            (O::SeeSandbox,          [false, false, false, false, false, false, true, true]),
            (O::ReviewConnections,   [false, false, false, false, false, false, true, false]),
        ];
        assert_eq!(table.map(|row| row.0).as_slice(), O::ALL, "the table has every operation once, in order");
        for (operation, expected) in table {
            let actual = everyone().map(|principal| allows(principal.as_ref(), operation));
            assert_eq!(actual, expected, "{operation:?}");
        }
    }
}
