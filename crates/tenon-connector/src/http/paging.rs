//! Where a pass stands between pages, and where it goes next.

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::{Deserialize, Serialize};
use tenon_core::Failure;

use super::answer::Answer;
use super::client::Client;
use super::config::PagingStyle;
use super::plan::Paging;

/// A page of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The first one.
    Start,
    /// The page of this number, or after as many records.
    Number(u64),
    /// The page that this token of the last answer means.
    Cursor(String),
    /// The page at this address.
    Address(String),
}

impl Place {
    /// The address of the page, from that of the first one.
    pub(super) fn address(
        &self,
        first: &Url,
        paging: Option<&Paging>,
        client: &Client,
    ) -> Result<Url, Failure> {
        let Some(paging) = paging else {
            return Ok(first.clone());
        };
        if let Self::Address(address) = self {
            let address = Url::parse(address).map_err(|error| {
                misled(format!(
                    "the next page's address `{address}` is none: {error}"
                ))
            })?;
            // The credentials go along, so they may go to their own server only.
            if !client.is_home(&address) {
                return Err(misled(format!(
                    "the next page is on another server: {}",
                    address.origin().ascii_serialization()
                )));
            }
            return Ok(address);
        }
        let mut address = first.clone();
        let value = match (self, paging.style) {
            (Self::Number(number), _) => Some(number.to_string()),
            (Self::Cursor(cursor), _) => Some(cursor.clone()),
            (Self::Start, PagingStyle::Page) => Some(paging.first.to_string()),
            (Self::Start, PagingStyle::Offset) => Some("0".to_owned()),
            _ => None,
        };
        let mut query = address.query_pairs_mut();
        if let Some(value) = value {
            query.append_pair(&paging.parameter, &value);
        }
        if let Some(parameter) = &paging.size_parameter {
            query.append_pair(parameter, &paging.size.to_string());
        }
        drop(query);
        Ok(address)
    }

    /// The page after this one, which had `records`; `None` after the last.
    ///
    /// # Errors
    /// `Configuration` when the answer does not say what the style of paging needs.
    pub(super) fn next(
        &self,
        paging: &Paging,
        answer: &Answer,
        records: &[Bytes],
        here: &Url,
    ) -> Result<Option<Self>, Failure> {
        let count = records.len();
        let stated = || paging.next.as_ref().and_then(|path| answer.scalar(path));
        Ok(match paging.style {
            // A short page is no sign of the end: a server may give fewer than it was asked for.
            PagingStyle::Page | PagingStyle::Offset if count == 0 => None,
            PagingStyle::Page => match self {
                Self::Number(number) => Some(Self::Number(number + 1)),
                _ => Some(Self::Number(paging.first + 1)),
            },
            PagingStyle::Offset => match self {
                Self::Number(offset) => Some(Self::Number(offset + count as u64)),
                _ => Some(Self::Number(count as u64)),
            },
            PagingStyle::Cursor => stated().map(Self::Cursor),
            PagingStyle::Key => match (records.last(), &paging.next) {
                (Some(last), Some(path)) => {
                    let key = path
                        .extract(last)
                        .map_err(|reason| misled(format!("{reason}; check `next` of `paging`")))?;
                    Some(Self::Cursor(key))
                }
                _ => None,
            },
            PagingStyle::Link => {
                let target = match &paging.next {
                    Some(_) => stated(),
                    None => linked(&answer.headers),
                };
                let resolve = |target: String| {
                    let address = here.join(&target).map_err(|error| {
                        misled(format!(
                            "the next page's address `{target}` is none: {error}"
                        ))
                    })?;
                    Ok(Self::Address(address.into()))
                };
                target.map(resolve).transpose()?
            }
        })
    }
}

/// A failure of paging.
pub(super) fn misled(detail: String) -> Failure {
    Failure::configuration("http.paging", detail)
}

/// The target of a `Link` header whose relation is `next` (RFC 8288).
fn linked(headers: &HeaderMap) -> Option<String> {
    let values = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(links).find_map(|(target, relations)| {
        let next = relations
            .split_ascii_whitespace()
            .any(|name| name.eq_ignore_ascii_case("next"));
        next.then(|| target.to_owned())
    })
}

/// Targets with their relations; a target may itself hold commas and semicolons.
fn links(value: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else {
            break;
        };
        let target = &rest[start + 1..start + length];
        rest = &rest[start + length + 1..];
        let parameters = &rest[..rest.find('<').unwrap_or(rest.len())];
        let relation = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.trim().split_once('=')?;
            let value = value.trim_matches(|character: char| {
                character == '"' || character == ',' || character.is_whitespace()
            });
            name.trim().eq_ignore_ascii_case("rel").then_some(value)
        });
        found.extend(relation.map(|relation| (target, relation)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(style: PagingStyle, next: Option<&str>) -> Paging {
        Paging {
            style,
            parameter: "p".to_owned(),
            first: 1,
            size: 100,
            size_parameter: None,
            next: next.map(|next| next.parse().unwrap()),
            max_pages: 10,
        }
    }

    fn check(
        paging: &Paging,
        place: Place,
        link: &str,
        body: &str,
        count: usize,
        expected: Option<Place>,
    ) {
        let mut headers = HeaderMap::new();
        if !link.is_empty() {
            headers.insert(LINK, link.parse().unwrap());
        }
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = Answer {
            asked: "GET x".to_owned(),
            status: 200,
            headers,
            body,
            fault: None,
            of_session: false,
        };
        let records = vec![Bytes::from_static(b"{\"id\":17}"); count];
        let here = Url::parse("http://api.test/v1/items?x=1").unwrap();
        assert_eq!(place.next(paging, &answer, &records, &here), Ok(expected));
    }

    #[test]
    fn each_style_finds_its_next_page() {
        use PagingStyle::{Cursor, Link, Offset, Page};
        check(
            &paging(Page, None),
            Place::Start,
            "",
            "[]",
            2,
            Some(Place::Number(2)),
        );
        check(
            &paging(Page, None),
            Place::Number(7),
            "",
            "[]",
            1,
            Some(Place::Number(8)),
        );
        check(&paging(Page, None), Place::Number(8), "", "[]", 0, None);
        check(
            &paging(Offset, None),
            Place::Start,
            "",
            "[]",
            3,
            Some(Place::Number(3)),
        );
        check(
            &paging(Offset, None),
            Place::Number(3),
            "",
            "[]",
            2,
            Some(Place::Number(5)),
        );
        let cursor = paging(Cursor, Some("meta.next"));
        check(
            &cursor,
            Place::Start,
            "",
            r#"{"meta":{"next":"a b"}}"#,
            1,
            Some(Place::Cursor("a b".to_owned())),
        );
        check(
            &cursor,
            Place::Start,
            "",
            r#"{"meta":{"next":17}}"#,
            1,
            Some(Place::Cursor("17".to_owned())),
        );
        check(
            &cursor,
            Place::Start,
            "",
            r#"{"meta":{"next":null}}"#,
            1,
            None,
        );
        check(
            &cursor,
            Place::Start,
            "",
            r#"{"meta":{"next":""}}"#,
            1,
            None,
        );
        let key = paging(PagingStyle::Key, Some("id"));
        let after = Place::Cursor("17".to_owned());
        check(&key, Place::Start, "", "[]", 2, Some(after.clone()));
        check(&key, after, "", "[]", 0, None);
        let address = |address: &str| Some(Place::Address(address.to_owned()));
        check(
            &paging(Link, None),
            Place::Start,
            "<http://api.test/v1/items?a=1,2;3>; rel=\"prev\", </v1/items?page=3>; title=x; rel=\"next last\"",
            "[]",
            1,
            address("http://api.test/v1/items?page=3"),
        );
        check(
            &paging(Link, None),
            Place::Start,
            "</a>; rel=prev",
            "[]",
            1,
            None,
        );
        check(
            &paging(Link, Some("next")),
            Place::Start,
            "",
            r#"{"next":"?page=2"}"#,
            1,
            address("http://api.test/v1/items?page=2"),
        );
    }
}
