//! The description of the API.

use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

/// What the OpenAPI document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tenon",
        description = "Messages between systems: take them in, watch them flow, find where they are.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "intake", description = "Webhooks of the systems"),
        (name = "messages", description = "What the hub carried, and what waits"),
        (name = "masters", description = "The master records of customers, and commands that change them"),
        (name = "health", description = "Whether the hub makes progress")
    )
)]
pub(crate) struct Document;

/// The name of the token within the document.
const TOKEN: &str = "token";

/// Says of every operation in `document` that it asks for the API's token.
pub(crate) fn demand_token(document: &mut utoipa::openapi::OpenApi) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of `[http]` in tenon.toml"))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    for path in document.paths.paths.values_mut() {
        let methods = [
            &mut path.get,
            &mut path.put,
            &mut path.post,
            &mut path.delete,
            &mut path.patch,
        ];
        for operation in methods.into_iter().flatten() {
            operation.security = Some(vec![SecurityRequirement::new(TOKEN, [] as [&str; 0])]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// The console's client is made from the file, so it has to say what the routes say.
    #[test]
    fn the_kept_description_is_the_routes_own() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let mut document: Value = serde_json::from_str(&crate::description().unwrap()).unwrap();
        // Rises with each release and says nothing about the API.
        document["info"]["version"] = "the release's".into();
        let routes = format!("{document:#}\n");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &routes).unwrap();
        }
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(
            kept == routes,
            "openapi.json is not what the routes say; `UPDATE=1 cargo test -p tenon-api kept` writes it anew"
        );
    }
}
