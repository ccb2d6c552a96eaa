//! The routes. All are guarded; pages are GET, changes are POST.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use synapse_core::error::Failure;
use synapse_core::ports::Writing;

use crate::app::App;
use crate::ask::{Ask, Theme};
use crate::form::wrong;
use crate::guard::{THEME_COOKIE, guard, set_cookie};
use crate::pages::show::show;
use crate::pages::{
    check, connection, connections, doctor, edit, error, history, hub, login, overview, receipt,
    secrets, usage, welcome,
};
use crate::response::{answer, redirect};

type TheApp = State<Arc<App>>;
type TheAsk = Extension<Ask>;
type PageResponse = Response<Body>;

pub(crate) fn router(app: &Arc<App>) -> Router {
    let pages = Router::new()
        .route(
            "/",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                overview::answer(&app, &ask).await
            }),
        )
        .route(
            "/welcome",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, welcome::page(&app, &ask).await)
            }),
        )
        .route(
            "/connections",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, connections::page(&app, &ask).await)
            })
            .post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, edit::submit(&app, &ask).await)
            }),
        )
        .route(
            "/connections/new",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, edit::new(&app, &ask))
            }),
        )
        .route(
            "/connections/{name}/edit",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(name): Path<String>| async move {
                    show(&app, &ask, edit::edit(&app, &ask, &name))
                },
            ),
        )
        .route(
            "/connections/{name}/remove",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(name): Path<String>| async move {
                    show(&app, &ask, connections::remove(&app, &ask, &name))
                },
            )
            .post(
                |State(app): TheApp, Extension(ask): TheAsk, Path(name): Path<String>| async move {
                    or_failure(&app, &ask, connection::remove(&app, &ask, &name))
                },
            ),
        )
        .route(
            "/connections/{name}/gate",
            post(
                |State(app): TheApp, Extension(ask): TheAsk, Path(name): Path<String>| async move {
                    or_failure(&app, &ask, connection::gate(&app, &ask, &name).await)
                },
            ),
        )
        .route(
            "/connections/{name}/check",
            post(
                |State(app): TheApp, Extension(ask): TheAsk, Path(name): Path<String>| async move {
                    or_failure(&app, &ask, connection::check(&app, &ask, &name))
                },
            ),
        )
        .route(
            "/checks/{id}",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(id): Path<String>| async move {
                    or_failure(&app, &ask, check::page(&app, &ask, &id))
                },
            ),
        )
        .route("/usage", get(usage_page))
        .route(
            "/history",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, history::page(&app, &ask).await)
            }),
        )
        .route(
            "/history/{call}",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(call): Path<String>| async move {
                    show(&app, &ask, receipt::page(&app, &ask, &call).await)
                },
            ),
        )
        .route(
            "/hub",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, hub::page(&app, &ask).await)
            }),
        )
        .route(
            "/hub/approvals",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, hub::approvals(&app, &ask).await)
            }),
        )
        .route(
            "/hub/add",
            post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, hub::add_server(&app, &ask).await)
            }),
        )
        .route(
            "/logins/{id}",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(id): Path<String>| async move {
                    show(&app, &ask, Ok(login::page(&app, &ask, &id)))
                },
            )
            .post(
                |State(app): TheApp, Extension(ask): TheAsk, Path(id): Path<String>| async move {
                    or_failure(&app, &ask, login::answer(&app, &ask, &id).await)
                },
            ),
        )
        .route(
            "/hub/{server}/{verb}",
            post(
                |State(app): TheApp,
                 Extension(ask): TheAsk,
                 Path((server, verb)): Path<(String, String)>| async move {
                    or_failure(&app, &ask, hub::act(&app, &ask, &server, &verb).await)
                },
            ),
        )
        .route(
            "/secrets",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, Ok(secrets::page(&app, &ask, None)))
            }),
        )
        .route(
            "/secrets/set",
            post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, secrets::keep(&app, &ask, Writing::Create).await)
            }),
        )
        .route(
            "/secrets/rotate",
            post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(
                    &app,
                    &ask,
                    secrets::keep(&app, &ask, Writing::Replace).await,
                )
            }),
        )
        .route(
            "/secrets/remove",
            post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, secrets::remove(&app, &ask).await)
            }),
        )
        .route(
            "/doctor",
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                show(&app, &ask, Ok(doctor::page(&app, &ask)))
            })
            .post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, doctor::look(&app, &ask).await)
            }),
        )
        .route(
            "/doctor/bundle",
            post(|State(app): TheApp, Extension(ask): TheAsk| async move {
                or_failure(&app, &ask, doctor::bundle(&app, &ask).await)
            }),
        )
        .route(
            "/explain/{code}",
            get(
                |State(app): TheApp, Extension(ask): TheAsk, Path(code): Path<String>| async move {
                    show(&app, &ask, error::explain(&app, &ask, &code))
                },
            ),
        )
        .route("/theme", post(theme))
        .route("/leave", post(leave))
        .route(
            "/style.css",
            get(|| async { answer(StatusCode::OK, "text/css; charset=utf-8", STYLE) }),
        )
        .route(
            "/copy.js",
            get(|| async { answer(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT) }),
        )
        .method_not_allowed_fallback(|State(app): TheApp, Extension(ask): TheAsk| async move {
            let page = error::missing(&app, &ask, "That page cannot be loaded", &[]);
            show(&app, &ask, Ok(page.status(StatusCode::METHOD_NOT_ALLOWED)))
        })
        .fallback(missing);
    let base = app.base.trim_end_matches('/');
    Router::new()
        .nest(base, pages)
        .route(
            &app.base,
            get(|State(app): TheApp, Extension(ask): TheAsk| async move {
                overview::answer(&app, &ask).await
            }),
        )
        .fallback(missing)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), guard))
        .with_state(Arc::clone(app))
}

async fn missing(State(app): TheApp, Extension(ask): TheAsk) -> PageResponse {
    show(
        &app,
        &ask,
        Ok(error::missing(&app, &ask, "There is no such page", &[])),
    )
}

fn or_failure(app: &App, ask: &Ask, answer: Result<PageResponse, Failure>) -> PageResponse {
    answer.unwrap_or_else(|failure| show(app, ask, Err(failure)))
}

async fn usage_page(State(app): TheApp, Extension(ask): TheAsk) -> PageResponse {
    if ask.wants("csv") {
        return or_failure(&app, &ask, usage::csv(&app, &ask).await);
    }
    show(&app, &ask, usage::page(&app, &ask).await)
}

async fn theme(State(app): TheApp, Extension(ask): TheAsk) -> PageResponse {
    or_failure(&app, &ask, set_theme(&app, &ask))
}

fn set_theme(app: &App, ask: &Ask) -> Result<PageResponse, Failure> {
    ask.form.only(&["theme", "back"])?;
    let theme =
        Theme::parse(ask.form.need("theme")?).ok_or_else(|| wrong("that is not a theme"))?;
    let back = ask.form.need("back")?;
    // Only back to one of our pages.
    let back = if back.starts_with(&app.base) {
        back
    } else {
        &app.base
    };
    let mut response = redirect(back);
    let cookie = format!(
        "{THEME_COOKIE}={}; Path={}; HttpOnly; SameSite=Strict; Max-Age=31536000",
        theme.value(),
        app.base
    );
    set_cookie(&mut response, &cookie);
    Ok(response)
}

async fn leave(State(app): TheApp, Extension(ask): TheAsk) -> PageResponse {
    app.sessions.leave(&ask.cookie);
    redirect(&app.base)
}

pub(crate) const STYLE: &str = include_str!("../assets/dashboard.css");
const SCRIPT: &str = include_str!("../assets/copy.js");
