//! Figures over everything take long to make where there is much: they are kept for who asks for the same
//! again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::Problem;

/// How many times as long as it took to make an answer is given: at most one part in so many of the time goes
/// into making it, and what is made in milliseconds is as good as never given twice.
const TIMES: u32 = 20;

/// The most questions of which the answers are kept.
const MOST: usize = 200;

/// Answers that are kept. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Kept {
    answers: Arc<Mutex<HashMap<String, Arc<Slot>>>>,
}

/// The place of one question's answer.
#[derive(Default)]
struct Slot {
    last: Mutex<Option<Answer>>,
    /// Held by who makes the next one: who asks meanwhile waits for that, instead of making another.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Answer {
    body: Bytes,
    made: Instant,
    took: Duration,
}

impl Answer {
    /// Whether it is given for so many times as long as it took to make.
    fn lasts(&self, times: u32) -> bool {
        self.made.elapsed() < self.took * times
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::AGE, self.made.elapsed().as_secs().to_string()),
        ];
        (headers, self.body).into_response()
    }
}

impl Kept {
    /// The answer to a question, which is made by `make` unless one is kept that is young enough. One that has
    /// just become too old is given a last time, while the next one is made.
    ///
    /// Made to the end, even if nobody waits for it any more.
    pub(crate) async fn answer<A: Serialize + 'static>(
        &self,
        question: String,
        make: impl Future<Output = Result<A, Problem>> + Send + 'static,
    ) -> Result<Response, Problem> {
        let slot = self.slot(question);
        let last = slot.last();
        if let Some(answer) = last.as_ref().filter(|answer| answer.lasts(TIMES)) {
            return Ok(answer.clone().into_response());
        }
        let making = tokio::spawn(slot.next(make));
        if let Some(answer) = last.filter(|answer| answer.lasts(2 * TIMES)) {
            return Ok(answer.into_response());
        }
        let made = making
            .await
            .map_err(|error| Problem::bug(error.to_string()))?;
        Ok(made?.into_response())
    }

    fn slot(&self, question: String) -> Arc<Slot> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST && !answers.contains_key(&question) {
            answers.retain(|_, slot| slot.last().is_none_or(|answer| answer.lasts(2 * TIMES)));
            if answers.len() >= MOST {
                answers.clear();
            }
        }
        answers.entry(question).or_default().clone()
    }
}

impl Slot {
    fn last(&self) -> Option<Answer> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone()
    }

    async fn next<A: Serialize>(
        self: Arc<Self>,
        make: impl Future<Output = Result<A, Problem>>,
    ) -> Result<Answer, Problem> {
        let _making = self.making.lock().await;
        if let Some(answer) = self.last().filter(|answer| answer.lasts(TIMES)) {
            return Ok(answer);
        }
        let began = Instant::now();
        let made = make.await?;
        let body = serde_json::to_vec(&made).map_err(|error| Problem::bug(error.to_string()))?;
        let answer = Answer {
            body: body.into(),
            made: Instant::now(),
            took: began.elapsed(),
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn number(response: Response) -> u32 {
        let body = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Each making takes a moment by the clock and gives the next number.
    async fn make(numbers: Arc<AtomicU32>, takes: Duration) -> Result<u32, Problem> {
        tokio::time::sleep(takes).await;
        Ok(numbers.fetch_add(1, Ordering::SeqCst))
    }

    #[tokio::test]
    async fn what_takes_long_is_made_once_for_all_who_ask() {
        let (kept, numbers) = (Kept::default(), Arc::new(AtomicU32::new(0)));
        let takes = Duration::from_secs(3);
        let ask = || kept.answer("all".to_owned(), make(numbers.clone(), takes));
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!(number(one.unwrap()).await, 0);
        assert_eq!(number(other.unwrap()).await, 0);
        let again = ask().await.unwrap();
        assert_eq!(again.headers()[header::AGE], "0");
        assert_eq!(number(again).await, 0);
        let another = kept.answer("other".to_owned(), make(numbers.clone(), Duration::ZERO));
        assert_eq!(number(another.await.unwrap()).await, 1);
    }

    #[tokio::test]
    async fn what_has_become_old_is_given_a_last_time_and_made_anew() {
        let (kept, numbers) = (Kept::default(), Arc::new(AtomicU32::new(0)));
        let takes = Duration::from_millis(20);
        let ask = async || {
            let answer = kept.answer("all".to_owned(), make(numbers.clone(), takes));
            number(answer.await.unwrap()).await
        };
        assert_eq!(ask().await, 0);
        // Asked again and again, it is made again in time, however long the machine stands still.
        while ask().await < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_and_not_kept() {
        let kept = Kept::default();
        let fails = async { Err::<u32, _>(Problem::bug("away")) };
        kept.answer("all".to_owned(), fails).await.unwrap_err();
        let works = async { Ok(7) };
        let answer = kept.answer("all".to_owned(), works).await.unwrap();
        assert_eq!(number(answer).await, 7);
    }

    #[tokio::test]
    async fn no_more_are_kept_than_some() {
        let kept = Kept::default();
        for question in 0..3 * MOST {
            let answer = kept.answer(question.to_string(), async { Ok(1) });
            answer.await.unwrap();
        }
        let held = kept.answers.lock().unwrap().len();
        assert!(held <= MOST, "{held}");
    }
}
