//! Arithmetic: what `+ - * / %` and the sign do, and what they pay.

use std::sync::Arc;

use bytes::Bytes;
use jaq_core::ops::Math;
use jaq_json::{Num, Val};

use super::{ENTRY, Error, LONGEST_TEXT, MEMBER, Value, ValueR, weigh};
use crate::mapping::meter::{self, Ended};

impl std::ops::Add for Value {
    type Output = ValueR;
    fn add(self, other: Self) -> ValueR {
        meter::step();
        let depth = self.depth.max(other.depth);
        let json = match (self.json, other.json) {
            (Val::Null, other) | (other, Val::Null) => other,
            (Val::Num(left), Val::Num(right)) => return finite(left + right),
            (Val::TStr(left), Val::TStr(right)) => {
                if left.len() + right.len() > LONGEST_TEXT {
                    meter::end(Ended::Bytes);
                }
                // A text that nobody else holds grows in place.
                let copied = if left.is_unique() { 0 } else { left.len() };
                meter::bytes(copied + right.len());
                meter::read_text(copied + right.len());
                joined(*left, &right)
            }
            (Val::Arr(mut left), Val::Arr(right)) => {
                let copied = if Arc::strong_count(&left) == 1 {
                    0
                } else {
                    left.len()
                };
                meter::bytes(MEMBER * (copied + right.len()));
                meter::steps((copied + right.len()) / 4);
                Arc::make_mut(&mut left).extend(right.iter().cloned());
                Val::Arr(left)
            }
            (Val::Obj(mut left), Val::Obj(right)) => {
                let copied = if Arc::strong_count(&left) == 1 {
                    0
                } else {
                    left.len()
                };
                meter::bytes(ENTRY * (copied + right.len()));
                meter::steps((copied + right.len()) / 2);
                let members = right
                    .iter()
                    .map(|(key, member)| (key.clone(), member.clone()));
                Arc::make_mut(&mut left).extend(members);
                Val::Obj(left)
            }
            (left, right) => {
                let (left, right) = (Self { json: left, depth }, Self { json: right, depth });
                return Err(Error::math(left, Math::Add, right));
            }
        };
        Ok(Self { json, depth })
    }
}

fn joined(left: Bytes, right: &[u8]) -> Val {
    let mut text = bytes::BytesMut::from(left);
    text.extend_from_slice(right);
    Val::utf8_str(text.freeze())
}

impl std::ops::Sub for Value {
    type Output = ValueR;
    fn sub(self, other: Self) -> ValueR {
        meter::step();
        match (self.json, other.json) {
            (Val::Num(left), Val::Num(right)) => finite(left - right),
            (Val::Arr(mut left), Val::Arr(right)) => {
                let removed: std::collections::BTreeSet<Value> = right
                    .iter()
                    .map(|item| other_member(item, other.depth))
                    .collect();
                meter::bytes(MEMBER * left.len());
                let depth = self.depth;
                Arc::make_mut(&mut left)
                    .retain(|item| !removed.contains(&other_member(item, depth)));
                Ok(Self {
                    json: Val::Arr(left),
                    depth,
                })
            }
            (left, right) => Err(Error::math(
                Self {
                    json: left,
                    depth: self.depth,
                },
                Math::Sub,
                Self {
                    json: right,
                    depth: other.depth,
                },
            )),
        }
    }
}

fn other_member(json: &Val, depth: u32) -> Value {
    Value {
        json: json.clone(),
        depth,
    }
}

impl std::ops::Mul for Value {
    type Output = ValueR;
    fn mul(self, other: Self) -> ValueR {
        meter::step();
        let depth = self.depth.max(other.depth);
        match (self.json, other.json) {
            (Val::Num(left), Val::Num(right)) => finite(left * right),
            (Val::TStr(text), Val::Num(Num::Int(times)))
            | (Val::Num(Num::Int(times)), Val::TStr(text)) => {
                let Some(times) = usize::try_from(times).ok().filter(|times| *times > 0) else {
                    return Ok(Self::default());
                };
                if text.len().saturating_mul(times) > LONGEST_TEXT {
                    meter::end(Ended::Bytes);
                }
                meter::bytes(text.len() * times);
                Ok(Self::scalar(Val::utf8_str(text.repeat(times))))
            }
            (left @ Val::Obj(_), right @ Val::Obj(_)) => {
                weigh(&left);
                weigh(&right);
                if let (Val::Obj(left), Val::Obj(right)) = (&left, &right) {
                    meter::bytes(ENTRY * (left.len() + right.len()));
                }
                (left * right)
                    .map(|json| Self::nested(json, depth))
                    .map_err(|_| Error::str("the objects cannot be merged"))
            }
            (left, right) => {
                let (left, right) = (Self { json: left, depth }, Self { json: right, depth });
                Err(Error::math(left, Math::Mul, right))
            }
        }
    }
}

impl std::ops::Div for Value {
    type Output = ValueR;
    fn div(self, other: Self) -> ValueR {
        meter::step();
        match (&self.json, &other.json) {
            (Val::Num(left), Val::Num(right)) => finite(left.clone() / right.clone()),
            (Val::TStr(left), Val::TStr(right)) => {
                meter::read_text(left.len() + right.len());
                // Each part costs a member and its own handle on the shared text.
                let most = if right.is_empty() {
                    left.len()
                } else {
                    left.len() / right.len() + 1
                };
                meter::bytes(MEMBER * most);
                meter::steps(most);
                match self.json.clone() / other.json.clone() {
                    Ok(json) => Ok(Self { json, depth: 1 }),
                    Err(_) => Err(Error::math(self, Math::Div, other)),
                }
            }
            _ => Err(Error::math(self, Math::Div, other)),
        }
    }
}

impl std::ops::Rem for Value {
    type Output = ValueR;
    fn rem(self, other: Self) -> ValueR {
        meter::step();
        match (&self.json, &other.json) {
            (Val::Num(left), Val::Num(right)) if *right != Num::Int(0) => {
                finite(left.clone() % right.clone())
            }
            _ => Err(Error::math(self, Math::Rem, other)),
        }
    }
}

impl std::ops::Neg for Value {
    type Output = ValueR;
    fn neg(self) -> ValueR {
        meter::step();
        match self.json {
            Val::Num(number) => finite(-number),
            json => Err(Self {
                json,
                depth: self.depth,
            }
            .refused("number")),
        }
    }
}

/// A number, unless the operation left the numbers that JSON can write.
fn finite(number: Num) -> ValueR {
    match number {
        Num::Float(float) if !float.is_finite() => Err(Error::str(
            "the result is not a number (division by zero or overflow)",
        )),
        Num::BigInt(ref big) if big.bits() > 4096 => {
            Err(Error::str("the result has more than a thousand digits"))
        }
        number => Ok(Value::scalar(Val::Num(number))),
    }
}
