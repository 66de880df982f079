//! Paths into values: reading members, changing them, and what that pays.

use std::sync::Arc;

use jaq_core::ValT as _;
use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_json::{Map, Val};
use jaq_std::ValT as _;

use super::{ENTRY, Error, MEMBER, Value, ValueR, ValueX, weigh_both};
use crate::mapping::json;
use crate::mapping::meter;

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> ValueR {
        // A literal may begin with zeros, a JSON number may not.
        let digits = text.trim_start_matches('0');
        let text = match digits.bytes().next() {
            Some(b'0'..=b'9') => digits,
            _ => &text[text.len() - digits.len() - usize::from(digits.len() < text.len())..],
        };
        Val::from_num(text)
            .map(Self::scalar)
            .map_err(|_| Error::str(format_args!("{text} is not a number")))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> ValueR {
        let mut depth = 0;
        let mut map = Map::default();
        for (key, member) in members {
            meter::step();
            meter::bytes(ENTRY);
            if !matches!(key.json, Val::TStr(_)) {
                return Err(key.refused("object key"));
            }
            depth = depth.max(member.depth);
            map.insert(key.json, member.json);
        }
        Ok(Self::nested(Val::obj(map), depth + 1))
    }

    fn key_values(self) -> BoxIter<'static, Result<(Self, Self), Error>> {
        match self.json {
            Val::Arr(ref items) => {
                let items = Arc::clone(items);
                Box::new((0..items.len()).map(move |index| {
                    meter::step();
                    Ok((Self::from(index), self.member(items[index].clone())))
                }))
            }
            Val::Obj(ref members) => {
                let members = Arc::clone(members);
                Box::new((0..members.len()).filter_map(move |index| {
                    meter::step();
                    let (key, member) = members.get_index(index)?;
                    Some(Ok((Self::scalar(key.clone()), self.member(member.clone()))))
                }))
            }
            _ => box_once(Err(self.refused("iterable (array or object)"))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValueR>> {
        match self.json {
            Val::Arr(ref items) => {
                let items = Arc::clone(items);
                Box::new((0..items.len()).map(move |index| {
                    meter::step();
                    Ok(self.member(items[index].clone()))
                }))
            }
            Val::Obj(ref members) => {
                let members = Arc::clone(members);
                Box::new((0..members.len()).filter_map(move |index| {
                    meter::step();
                    let (_, member) = members.get_index(index)?;
                    Some(Ok(self.member(member.clone())))
                }))
            }
            _ => box_once(Err(self.refused("iterable (array or object)"))),
        }
    }

    fn index(self, index: &Self) -> ValueR {
        meter::step();
        match (&self.json, &index.json) {
            (Val::Null, _) => Ok(Self::default()),
            (Val::Obj(members), key @ Val::TStr(_)) => Ok(members
                .get(key)
                .map(|member| self.member(member.clone()))
                .unwrap_or_default()),
            (Val::Obj(_), _) => Err(Error::index(self, index.clone())),
            (Val::Arr(items), Val::Arr(part)) => {
                // Looking for a part compares it at every place.
                meter::steps(items.len().saturating_mul(part.len()));
                weigh_both(&self.json, &index.json);
                found(self, index)
            }
            _ => found(self, index),
        }
    }

    fn range(self, range: Range<&Self>) -> ValueR {
        if let Val::Arr(items) = &self.json {
            meter::bytes(MEMBER * items.len());
            meter::steps(items.len() / 4);
        } else if let Val::TStr(text) = &self.json {
            meter::read_text(8 * text.len());
        }
        meter::step();
        let bounds = range.start.map(|bound| &bound.json)..range.end.map(|bound| &bound.json);
        match self.json.clone().range(bounds) {
            Ok(json) => Ok(Self {
                json,
                depth: self.depth,
            }),
            Err(_) => Err(self.refused("array or text with whole numbers as bounds")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValueX<'a>>>(
        self,
        opt: Opt,
        update: impl Fn(Self) -> I,
    ) -> ValueX<'a> {
        match self.json {
            Val::Arr(ref items) => items
                .iter()
                .flat_map(|item| update(self.member(item.clone())))
                .collect(),
            Val::Obj(ref members) => {
                let mut kept = Vec::with_capacity(members.len());
                for (key, member) in members.iter() {
                    if let Some(new) = update(self.member(member.clone())).next() {
                        kept.push((Self::scalar(key.clone()), new?));
                    }
                }
                Ok(Self::from_map(kept)?)
            }
            _ => opt.fail(self, |value| {
                value.refused("iterable (array or object)").into()
            }),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValueX<'a>>>(
        mut self,
        index: &Self,
        opt: Opt,
        update: impl Fn(Self) -> I,
    ) -> ValueX<'a> {
        meter::step();
        let depth = self.depth;
        match (&mut self.json, &index.json) {
            (Val::Obj(members), key @ Val::TStr(_)) => {
                if Arc::strong_count(members) > 1 {
                    meter::bytes(ENTRY * members.len());
                    meter::steps(members.len() / 2);
                }
                let members = Arc::make_mut(members);
                let old = members.get_mut(key).map(std::mem::take).unwrap_or_default();
                let old = Self {
                    depth: depth.saturating_sub(1),
                    json: old,
                };
                let new = update(old).next().transpose()?;
                let depth = match new {
                    Some(new) => {
                        meter::bytes(ENTRY);
                        members.insert(key.clone(), new.json);
                        depth.max(new.depth + 1)
                    }
                    None => {
                        // The order of the members that stay is kept, at the price of moving them.
                        meter::steps(members.len());
                        members.shift_remove(key);
                        depth
                    }
                };
                Ok(Self::nested(self.json, depth))
            }
            (Val::Null, Val::TStr(_)) => {
                let Some(new) = update(Self::default()).next().transpose()? else {
                    return Ok(Self::default());
                };
                Ok(Self::from_map([(index.clone(), new)])?)
            }
            (Val::Arr(items), Val::Num(_)) => {
                let place = index.as_isize().and_then(|place| {
                    let from_end = items.len().checked_sub(place.unsigned_abs());
                    usize::try_from(place)
                        .ok()
                        .or(from_end)
                        .filter(|place| *place < items.len())
                });
                let Some(place) = place else {
                    let error = Error::str(format_args!("index {index} is out of bounds"));
                    return opt.fail(self, |_| error.into());
                };
                if Arc::strong_count(items) > 1 {
                    meter::bytes(MEMBER * items.len());
                    meter::steps(items.len() / 4);
                }
                let items = Arc::make_mut(items);
                let old = std::mem::take(&mut items[place]);
                let mut new = update(Self {
                    depth: depth.saturating_sub(1),
                    json: old,
                });
                let depth = match new.next().transpose()? {
                    Some(new) => {
                        items[place] = new.json;
                        depth.max(new.depth + 1)
                    }
                    None => {
                        meter::steps(items.len() / 4);
                        items.remove(place);
                        depth
                    }
                };
                Ok(Self::nested(self.json, depth))
            }
            _ => {
                let index = index.clone();
                opt.fail(self, |value| Error::index(value, index).into())
            }
        }
    }

    fn map_range<'a, I: Iterator<Item = ValueX<'a>>>(
        self,
        range: Range<&Self>,
        opt: Opt,
        update: impl Fn(Self) -> I,
    ) -> ValueX<'a> {
        let bound = |bound: Option<&Self>, length: usize, absent: usize| match bound {
            None => Some(absent),
            Some(value) if matches!(value.json, Val::Null) => Some(absent),
            Some(value) => value.as_isize().map(|place| match usize::try_from(place) {
                Ok(place) => place.min(length),
                Err(_) => length.saturating_sub(place.unsigned_abs()),
            }),
        };
        let Val::Arr(items) = &self.json else {
            return opt.fail(self, |value| value.refused("array").into());
        };
        meter::bytes(MEMBER * items.len());
        meter::steps(items.len());
        let bounds = (
            bound(range.start, items.len(), 0),
            bound(range.end, items.len(), items.len()),
        );
        let (Some(start), Some(end)) = bounds else {
            return opt.fail(self, |_| {
                Error::str("the bounds of a slice are whole numbers").into()
            });
        };
        let end = end.max(start);
        let slice = Self {
            json: items[start..end].iter().cloned().collect(),
            depth: self.depth,
        };
        let new = update(slice)
            .next()
            .transpose()?
            .unwrap_or_else(|| Self::from_iter([]));
        let Val::Arr(replacement) = &new.json else {
            return Err(new.refused("array").into());
        };
        meter::bytes(MEMBER * replacement.len());
        let parts = items[..start]
            .iter()
            .chain(replacement.iter())
            .chain(&items[end..]);
        let depth = self.depth.max(new.depth);
        Ok(Self::nested(parts.cloned().collect(), depth))
    }

    fn as_bool(&self) -> bool {
        !matches!(self.json, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> Self {
        meter::step();
        match self.json {
            Val::TStr(_) => self,
            // What has no JSON form cannot come out of metered operations, but it can be said.
            json => match json::write(&json) {
                Ok(text) => Self::scalar(Val::utf8_str(text)),
                Err(_) => Self::text(json::brief(&json, 60)),
            },
        }
    }
}

/// The engine's own look-up, for the less common kinds of index.
fn found(value: Value, index: &Value) -> ValueR {
    match value.json.clone().index(&index.json) {
        Ok(json) => Ok(value.member(json)),
        Err(_) => Err(Error::index(value, index.clone())),
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match &self.json {
            Val::Arr(items) => {
                meter::steps(items.len());
                meter::bytes(2 * MEMBER * items.len());
                Ok(items.iter().map(|item| self.member(item.clone())).collect())
            }
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.json.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.json.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        self.json.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.json.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        let text = self.json.as_bytes()?;
        meter::read_text(text.len());
        Some(text)
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::scalar(self.json.as_sub_str(part))
    }

    fn from_utf8_bytes(text: impl AsRef<[u8]> + Send + 'static) -> Self {
        meter::bytes(text.as_ref().len());
        Self::scalar(Val::from_utf8_bytes(text))
    }
}
