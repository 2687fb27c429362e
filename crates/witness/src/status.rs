//! What the operator sees of the witnesses of this node's log.

use dancu_core::{Explain, Explanation};
use dancu_ledger::LedgerError;
use jiff::Timestamp;

/// The last cosignature of a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// Entries of the tree.
    pub size: u64,
    /// When, by the witness's clock.
    pub at: Timestamp,
}

/// Why a witness has not cosigned the newest checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No answer.
    #[error("it does not answer")]
    Unreachable,
    /// It answered with a status that asks for patience or for its operator.
    #[error("it answered {status}")]
    Status {
        /// The status of HTTP.
        status: u16,
    },
    /// It answered something else than it should, or a cosignature that is false.
    #[error("its answer is no cosignature")]
    Nonsense,
    /// It has cosigned more of this log than this node ever had: a lost log, or two of them.
    #[error("it has cosigned {size} entries of a log that has {ours}")]
    Ahead {
        /// What it cosigned.
        size: u64,
        /// What we have.
        ours: u64,
    },
    /// It has cosigned another tree of the same name.
    #[error("what it cosigned up to {size} entries is no beginning of this log")]
    OtherTree {
        /// What it cosigned.
        size: u64,
    },
    /// It names less than it cosigned before: it lost its memory, and could cosign another history.
    #[error("it remembers {size} entries after it cosigned {signed}")]
    Forgot {
        /// What it names.
        size: u64,
        /// What it cosigned.
        signed: u64,
    },
    /// The proof for it cannot be made.
    #[error(transparent)]
    Log(#[from] LedgerError),
}

impl Trouble {
    /// Whether two histories of this log are about, one was lost, or the witness could not tell any more: somebody has to look at once.
    pub const fn is_alarm(&self) -> bool {
        matches!(self, Self::Ahead { .. } | Self::OtherTree { .. } | Self::Forgot { .. })
    }
}

impl Explain for Trouble {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreachable => Explanation::new(
                "DANCU-WITNESS-020",
                "Nhân chứng không trả lời. Nút vẫn làm việc và sẽ hỏi lại; hãy kiểm tra mạng và nhân chứng.",
                "The witness does not answer. The node goes on and asks again; look at the network and at the witness.",
            ),
            Self::Status { status } => Explanation::new(
                "DANCU-WITNESS-021",
                format!("Nhân chứng trả lời {status} và không ký. Hãy hỏi người vận hành nhân chứng."),
                format!("The witness answered {status} and did not cosign. Ask its operator."),
            ),
            Self::Nonsense => Explanation::new(
                "DANCU-WITNESS-022",
                "Câu trả lời của nhân chứng không phải chữ ký đúng. Hãy kiểm tra khóa trong ledger.witnesses.",
                "The witness's answer is no true cosignature. Check its key in ledger.witnesses.",
            ),
            Self::Ahead { size, ours } => Explanation::new(
                "DANCU-WITNESS-023",
                format!(
                    "Nhân chứng đã ký {size} mục, nhật ký này chỉ có {ours}: nhật ký bị mất phần cuối hoặc có hai bản. Hãy dừng nút và đối chiếu ngay."
                ),
                format!(
                    "The witness has cosigned {size} entries, this log has {ours}: its end is lost, or there are two of it (split view). Stop the node and compare at once."
                ),
            ),
            Self::OtherTree { size } => Explanation::new(
                "DANCU-WITNESS-024",
                format!(
                    "Điều nhân chứng đã ký tới {size} mục không phải phần đầu của nhật ký này: có hai bản nhật ký. Hãy dừng nút và đối chiếu ngay."
                ),
                format!(
                    "What the witness cosigned up to {size} entries is no beginning of this log: there are two of it (split view). Stop the node and compare at once."
                ),
            ),
            Self::Forgot { size, signed } => Explanation::new(
                "DANCU-WITNESS-025",
                format!(
                    "Nhân chứng chỉ nhớ {size} mục dù đã ký {signed}: bộ nhớ của nhân chứng bị quay lại bản cũ nên chữ ký của nó không còn giá trị. Hãy báo người vận hành nhân chứng tạo khóa mới."
                ),
                format!(
                    "The witness remembers {size} entries although it cosigned {signed}: its memory was set back, and its word is worth nothing. Have its operator draw a new key."
                ),
            ),
            Self::Log(error) => error.explain(),
        }
    }
}

/// How it stands with one witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessStatus {
    /// Its name.
    pub name: String,
    /// Its last cosignature since the start; `None` before the first.
    pub signed: Option<Signed>,
    /// Entries that are published and that it has not cosigned.
    pub behind: u64,
    /// Why not; `None` when its last answer was a cosignature.
    pub trouble: Option<Trouble>,
}
