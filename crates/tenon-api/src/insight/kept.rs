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

/// What takes so long to make is not waited for where an older answer is kept: that one is given, whoever asks
/// a little later has the next one.
const SLOW: Duration = Duration::from_millis(500);

/// What is older than this is waited for all the same.
const OLD: Duration = Duration::from_hours(24);

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
    /// Whether it is as good as a new one.
    fn is_fresh(&self) -> bool {
        self.made.elapsed() < self.took * TIMES
    }

    /// Whether it is better than to wait for a new one.
    fn serves(&self) -> bool {
        self.is_fresh() || (self.took >= SLOW && self.made.elapsed() < OLD)
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
    /// The answer to a question, which is made by `make` unless a fresh one is kept. An older one that took long
    /// to make is given while the next one is made.
    ///
    /// Made to the end, even if nobody waits for it any more.
    pub(crate) async fn answer<A: Serialize + 'static>(
        &self,
        question: String,
        make: impl Future<Output = Result<A, Problem>> + Send + 'static,
    ) -> Result<Response, Problem> {
        let slot = self.slot(question);
        let last = slot.last();
        if let Some(answer) = last.as_ref().filter(|answer| answer.is_fresh()) {
            return Ok(answer.clone().into_response());
        }
        let making = tokio::spawn(slot.next(make));
        if let Some(answer) = last.filter(Answer::serves) {
            return Ok(answer.into_response());
        }
        let made = making
            .await
            .map_err(|error| Problem::bug(error.to_string()))?;
        Ok(made?.into_response())
    }

    /// Whether an answer to this question is kept, of whatever age.
    pub(crate) fn holds(&self, question: &str) -> bool {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = answers.get(question);
        slot.is_some_and(|slot| slot.last().is_some())
    }

    fn slot(&self, question: String) -> Arc<Slot> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST && !answers.contains_key(&question) {
            answers.retain(|_, slot| slot.last().is_none_or(|answer| answer.serves()));
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
        if let Some(answer) = self.last().filter(Answer::is_fresh) {
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
    async fn what_has_become_old_is_made_anew() {
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

    /// Keeps an answer, 0, as if it had been made so long ago and had taken so long.
    async fn keep(kept: &Kept, age: Duration, took: Duration) {
        let answer = kept.answer("all".to_owned(), async { Ok(0) });
        answer.await.unwrap();
        let slot = kept.slot("all".to_owned());
        let mut last = slot.last.lock().unwrap();
        let answer = last.as_mut().unwrap();
        answer.made -= age;
        answer.took = took;
    }

    #[tokio::test]
    async fn what_takes_long_is_given_as_it_was_while_it_is_made_anew() {
        let kept = Kept::default();
        keep(&kept, Duration::from_secs(700), Duration::from_secs(1)).await;
        let (let_go, held) = tokio::sync::oneshot::channel::<u32>();
        let make = async { held.await.map_err(|error| Problem::bug(error.to_string())) };
        let old = kept.answer("all".to_owned(), make).await.unwrap();
        let age: u64 = old.headers()[header::AGE]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((700..760).contains(&age), "{age}");
        assert_eq!(number(old).await, 0);
        let_go.send(7).unwrap();
        let mut last = 0;
        while last != 7 {
            let again = async { Err::<u32, _>(Problem::bug("made twice")) };
            last = number(kept.answer("all".to_owned(), again).await.unwrap()).await;
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_is_made_quickly_or_is_too_old_is_waited_for() {
        let hours = Duration::from_hours;
        for (age, took) in [(hours(1), SLOW / 2), (hours(25), SLOW)] {
            let kept = Kept::default();
            keep(&kept, age, took).await;
            assert!(kept.holds("all"));
            let answer = kept.answer("all".to_owned(), async { Ok(7) });
            assert_eq!(number(answer.await.unwrap()).await, 7);
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
