//! The exchange: who may ask what about whom, on which legal basis, and what is answered.
//!
//! A contract names fields; the default product answers *match / differs / not held* per field and gives away
//! nothing. May use `core`, `calendar`, `places`, `register`, `cards`, `ledger`. Names no store, no web.

mod access_history;
mod alone;
mod assertion;
mod attest;
mod caller;
mod claim;
mod cohort;
mod compare;
mod connecting;
mod connection;
mod consent;
mod dated_rows;
mod directory;
mod document;
mod dpop;
mod extract;
mod fetch;
mod field;
mod file_match;
mod file_review;
mod household;
mod jws;
mod life;
mod limits;
mod log_mark;
mod orders;
mod policy;
mod privacy;
mod product;
mod refusal;
mod sealed;
mod show_looks;
mod show_name;
mod show_person;
mod sign_in;
mod signing_key;
mod statistics;
mod store;
mod token;
mod usage;
mod verify;
mod visibility;
mod xroad;

pub use access_history::{AccessHistoryRequest, ToldHistory};
pub use assertion::{Assertion, AssertionError, AssertionRules, CertificateThumbprint, ClientKey, KeyError};
pub use attest::{AttestAnswer, AttestRequest};
pub use caller::{Caller, InFlight};
pub use claim::{AttestTerms, Attested, AttestedPlace, Claim};
pub use cohort::{
    ApproverRights, Born, BornTerms, CohortCriteria, CohortError, CohortExtract, CohortMaker, CohortParts,
    CohortRequest, CohortRow, CohortRules, CohortService, CohortStore, CohortTerms, ExtractId, ExtractMove,
    ExtractState, OpenBounds, RowsPage, cohort_rules,
};
pub use compare::{Answer, residence_line};
pub use connection::{
    Client, ClientId, Contract, ContractId, Feed, FeedPersons, IdError, Organisation, OrganisationId,
    Persons, STREAM_SCHEME, SearchTerms,
};
pub use consent::{
    AskBounds, AskOutcome, Consent, ConsentDecision, ConsentError, ConsentId, ConsentRequest, ConsentRules,
    ConsentService, ConsentState, ConsentStore, ConsentTerms, Gate, Pass, Stop, consent_rules,
};
pub use directory::Directory;
pub use document::{ConnectionsDocument, DocumentError};
pub use dpop::{KeyThumbprint, PROOF_ALGORITHMS, ShownProof};
pub use extract::{EXTRACT_PAGE_MAX, extract_columns};
pub use fetch::{FetchAnswer, FetchRequest, FetchedValue};
pub use field::{Field, FieldSet};
pub use file_match::{
    FileMatchTerms, FilePair, FileToTell, ToldPairs, file_match_alike_max, file_match_doubt_told,
    file_match_rows_max, file_match_run_days_max,
};
pub use file_review::{
    DecidedPair, DoubtfulPair, FilePairId, FileReviewError, FileReviewService, FileReviewStore, PairDecision,
    PairReason, PairState, PairVerdict, ReviewerCount, SlotSaid,
};
pub use household::{HouseholdAnswer, HouseholdPerson, HouseholdRequest, HouseholdTerms};
pub use life::{
    ActBody, AttachedFile, Author, Ceiling, CeilingChange, CheckedItem, ChecklistItem, Computed, Connection,
    ConnectionAct, ConnectionRules, Deed, EvidenceFile, Given, LifeError, LifeService, LifeStore, Need,
    Opening, Part, PilotTerms, SamplePerson, Sandbox, SandboxCaller, SandboxSource, Side, Signed, Stage,
    Standing, Step, TRANSITIONS, Transition, Verdict, checklist, connection_rules, is_within, transition,
};
pub use limits::{
    Advice, Caseload, CaseloadError, ComputedLimit, LimitNotice, LimitRules, LimitStep, UseReview, WeekUse,
    limit_rules, notices, review,
};
pub use log_mark::LogMark;
pub use orders::{
    CourtOrder, NewOrder, OrderError, OrderId, OrderMove, OrderService, OrderState, OrderStep, OrderStore,
};
pub use policy::{
    Explained, ExplainedPolicy, HouseRulesError, Plan, Policies, Question, check_changes, plan, plan_claim,
    plan_extract, plan_fetch, plan_file_match, plan_household, plan_statistics,
};
pub use privacy::{
    CaseId, CaseKind, CaseMove, CaseProgress, CaseState, CaseStep, Deadlines, Looked, PrivacyCase,
    PrivacyError, PrivacyService, PrivacyStore, deadlines,
};
pub use product::{PriceExemption, Product, ProductEntry, Sensitivity, price_on};
pub use refusal::{Refusal, RefusalEntry, RefusalLog, RefusalReason};
pub use sealed::{OpenedFact, OpenedGroup, Reason, SealedError, SealedGroup, SealedService, ShownSealed};
pub use show_name::ShownName;
pub use show_person::ShownPerson;
pub use sign_in::{RedirectAddress, RedirectAddressError, SignInAnswer, SignInTerms, SignInWish};
pub use signing_key::{SigningKey, SigningKeyError};
pub use statistics::{AreaLevel, StatisticsTerms};
pub use store::{ConnectionChange, ExchangeStore, StageRow, StoredToken, TokenGrant};
pub use token::{ClientProof, IssuedToken, Presented, Scheme, TokenError, TokenService, TokenSettings};
pub use usage::{Counted, MonthUse, Usage, UsageCounter, UsageStore, months, product_of};
pub use verify::{CardAnswer, LifeAnswer, VerifyAnswer, VerifyError, VerifyRequest, VerifyService};
pub use visibility::Visibility;
pub use xroad::{XRoadFaultCodes, XRoadIdError, XRoadMember, XRoadPlace, xroad_part};
