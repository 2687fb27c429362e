//! Bodies of answers, read up to a bound.

use reqwest::Response;

/// The body; `None` when it is longer than that.
pub async fn read_up_to(answer: &mut Response, bytes_max: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        if body.len() + part.len() > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}
