//! From text to program: read, pass the gate, compile, with every problem at its position.

use std::path::Path;
use std::sync::LazyLock;

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{Def, Expect, Parser};
use jaq_core::load::{Arena, File, Loader, span};
use jaq_core::{Compiler, Filter};
use tenon_core::{ConfigProblem, nearest};

use super::functions;
use super::gate;
use super::language::{self, Language};
use super::plan::Plan;
use super::tables::CodeTables;

/// The longest text of a mapping, in bytes.
const LONGEST: usize = 64 * 1024;
/// The stack of the thread that compiles. What recurses there is the text, whose length is limited.
const STACK: usize = 128 << 20;
/// The most operators and keywords on the way from the outside to the innermost bracket: the parser
/// recurses once or twice for each.
const LONGEST_CHAIN: usize = 4000;
/// The most brackets that may be open at once; counted before anything recursive reads the text.
const MOST_OPEN: usize = 1000;

/// A program, ready to run.
pub(super) struct Program {
    /// The engine's form, which every program has.
    pub(super) engine: Filter<Language>,
    /// The form that is evaluated directly, which most have.
    pub(super) plan: Option<Plan>,
}

/// Compiles `source`.
pub(super) fn compile(
    file: &Path,
    source: &str,
    tables: &CodeTables,
) -> Result<Program, Vec<ConfigProblem>> {
    if source.len() > LONGEST {
        let problem = ConfigProblem::new(file, format!("a mapping has at most {LONGEST} bytes"))
            .help("split it, or move codes into a code table");
        return Err(vec![problem]);
    }
    if let Some(at) = too_deep(source) {
        let problem = ConfigProblem::new(file, format!("more than {MOST_OPEN} brackets are open"));
        return Err(vec![
            problem
                .at(source, at)
                .help("give parts of it names with def"),
        ]);
    }
    // The parser recurses with the text and has no limit; a thread with a stack to match makes
    // sure that no text can exhaust it.
    let compiled = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("compile-mapping".into())
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                Compilation {
                    file,
                    source,
                    tables,
                }
                .run()
            })
            .map(|thread| thread.join())
    });
    match compiled {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(vec![ConfigProblem::new(
            file,
            "the mapping cannot be compiled",
        )]),
        Err(error) => Err(vec![ConfigProblem::new(
            file,
            format!("no thread to compile the mapping: {error}"),
        )]),
    }
}

/// The place where too many brackets are open. Brackets in texts and remarks are counted as well:
/// a real mapping does not come near the limit.
fn too_deep(source: &str) -> Option<usize> {
    let mut open = 0_usize;
    source.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MOST_OPEN
    })
}

/// How many operators and keywords hang together at the most.
fn chain(tokens: &[Token<&str>]) -> usize {
    let within = |token: &Token<&str>| match &token.1 {
        Tok::Block(tokens) => chain(tokens),
        Tok::Str(parts) => parts.iter().map(interpolated).max().unwrap_or(0),
        _ => 0,
    };
    let here = tokens.iter().filter(|token| match token.1 {
        Tok::Sym => !token.0.starts_with('.') && !matches!(token.0, ":" | ";" | "?"),
        Tok::Word => matches!(
            token.0,
            "def"
                | "if"
                | "then"
                | "elif"
                | "else"
                | "try"
                | "catch"
                | "reduce"
                | "foreach"
                | "label"
                | "and"
                | "or"
                | "as"
        ),
        _ => false,
    });
    here.count() + tokens.iter().map(within).max().unwrap_or(0)
}

fn interpolated(part: &StrPart<&str, Token<&str>>) -> usize {
    match part {
        StrPart::Term(Token(_, Tok::Block(tokens))) => chain(tokens),
        _ => 0,
    }
}

/// The language's definitions, as plans read them.
static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> =
    LazyLock::new(|| language::definitions().collect());

/// The program of one call of the language's function `name`, whose arguments are variables.
pub(super) fn of_call(name: &str, arguments: usize) -> Option<Filter<Language>> {
    let variables = &["$first", "$second"].get(..arguments)?;
    let code = match variables {
        [] => name.to_owned(),
        variables => format!("{name}({})", variables.join("; ")),
    };
    let arena = Arena::default();
    let file = File {
        code: code.as_str(),
        path: (),
    };
    let modules = Loader::new(language::definitions())
        .load(&arena, file)
        .ok()?;
    Compiler::default()
        .with_funs(language::natives())
        .with_global_vars(variables.iter().copied())
        .compile(modules)
        .ok()
}

struct Compilation<'s> {
    file: &'s Path,
    source: &'s str,
    tables: &'s CodeTables,
}

impl<'s> Compilation<'s> {
    fn run(&self) -> Result<Program, Vec<ConfigProblem>> {
        let tokens = Lexer::new(self.source).lex().map_err(|errors| {
            let problem = |(expected, rest): (jaq_core::load::lex::Expect<&str>, &str)| {
                self.problem(rest, format!("expected {}", expected.as_str()))
            };
            errors.into_iter().map(problem).collect::<Vec<_>>()
        })?;
        self.refuse_modules(&tokens)?;
        if chain(&tokens) > LONGEST_CHAIN {
            let message = format!("more than {LONGEST_CHAIN} operators hang together");
            let problem = ConfigProblem::new(self.file, message);
            return Err(vec![
                problem.help("give parts of it names with def, or use a code table"),
            ]);
        }
        let term = Parser::new(&tokens)
            .parse(|parser| parser.term())
            .map_err(|errors| {
                let problem = |(expected, found): (Expect<&'s str>, Option<&Token<&'s str>>)| {
                    let found = Token::opt_as_str(found, self.source);
                    let what = match found.lines().next() {
                        Some(line) => {
                            format!(", found {:?}", line.chars().take(20).collect::<String>())
                        }
                        None => ", found the end".to_owned(),
                    };
                    let expected = match expected {
                        Expect::Nothing => "nothing more".to_owned(),
                        Expect::Just(token) => format!("\"{token}\""),
                        expected => expected.as_str().to_owned(),
                    };
                    self.problem(found, format!("expected {expected}{what}"))
                };
                errors.into_iter().map(problem).collect::<Vec<_>>()
            })?;
        let refusals = gate::refusals(&term, self.tables);
        if !refusals.is_empty() {
            let problems = refusals.into_iter().map(|refusal| {
                let problem = self.problem(refusal.at, refusal.message);
                match refusal.help {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            });
            return Err(problems.collect());
        }
        let engine = self.compile()?;
        let plan = Plan::of(&term, &DEFINITIONS);
        Ok(Program { engine, plan })
    }

    /// Modules are files, and mappings reach none.
    fn refuse_modules(&self, tokens: &[Token<&'s str>]) -> Result<(), Vec<ConfigProblem>> {
        match tokens.first() {
            Some(Token(word @ ("import" | "include" | "module"), _)) => {
                let message =
                    format!("{word} is not available: a mapping stands alone in its file");
                Err(vec![self.problem(word, message)])
            }
            _ => Ok(()),
        }
    }

    fn compile(&self) -> Result<Filter<Language>, Vec<ConfigProblem>> {
        let arena = Arena::default();
        let loader = Loader::new(language::definitions());
        let program = File {
            code: self.source,
            path: (),
        };
        // The text has been parsed before, so that this cannot fail; if it does, it is said.
        let modules = loader.load(&arena, program).map_err(|_| {
            vec![ConfigProblem::new(
                self.file,
                "the mapping cannot be parsed",
            )]
        })?;
        Compiler::default()
            .with_funs(language::natives())
            .with_global_vars(["$message"])
            .compile(modules)
            .map_err(|errors| {
                let undefined = errors.into_iter().flat_map(|(_, undefined)| undefined);
                undefined
                    .map(|(name, kind)| self.undefined(name, &kind))
                    .collect()
            })
    }

    fn undefined(&self, name: &'s str, kind: &jaq_core::compile::Undefined) -> ConfigProblem {
        use jaq_core::compile::Undefined;
        match kind {
            Undefined::Filter(arity) => {
                let problem = self.problem(name, format!("there is no function {name}/{arity}"));
                let names = functions::names();
                let same = names.iter().filter(|(known, _)| known == name);
                let others: Vec<String> = same
                    .map(|(known, arity)| format!("{known}/{arity}"))
                    .collect();
                if !others.is_empty() {
                    return problem.help(format!("there is {}", others.join(" and ")));
                }
                match nearest(name, names.iter().map(|(known, _)| known.as_str())) {
                    Some(near) => problem.help(format!("did you mean {near}?")),
                    None => problem,
                }
            }
            Undefined::Var => self
                .problem(name, format!("there is no variable {name}"))
                .help("$message is there; others are bound with \"as\""),
            other => self.problem(name, format!("there is no {} {name}", other.as_str())),
        }
    }

    /// A problem at a part of the source.
    fn problem(&self, part: &str, message: impl Into<String>) -> ConfigProblem {
        let problem = ConfigProblem::new(self.file, message);
        let whole = self.source.as_bytes().as_ptr_range();
        let start = part.as_ptr();
        // Parts of our own definitions lie elsewhere; then the file alone is named.
        if start < whole.start || start > whole.end {
            return problem;
        }
        problem.at(self.source, span(self.source, part).start)
    }
}
