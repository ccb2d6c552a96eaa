//! Data of the dashboard pages from the machine: files, IDEs, secret stores, and the findings of
//! doctor.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use synapse_core::check::{Check, CheckId, Finding};
use synapse_core::checklist::KeyFact;
use synapse_core::credential::CredentialRef;
use synapse_core::engine::Engine;
use synapse_core::error::{Failure, RemedyText};
use synapse_core::gate::NetworkGate;
use synapse_core::ports::{Kept, SecretWriter as _, StoredConnection, Writing};
use synapse_dashboard::{
    About, Approval, HubAction, HubDone, HubView, LoginDesk, LoginEnd, LoginOrder, Program,
    SecretStoreState, Snippet,
};
use synapse_documents::{DoctorDocument, IdeClientView};
use synapse_ide::{CLIENTS, Scope, is_detected};
use synapse_secrets::{NoPrompt, Secrets};

use super::super::checklist::{self, Looking};
use super::super::hub::HubPages;
use super::super::{Context, doctor, ide};
use crate::compose;
use crate::output::CommandLines;

/// This program's access to the machine.
pub(super) struct Surroundings {
    context: Context,
    engine: Engine,
    secrets: Secrets,
    hub: HubPages,
    home: PathBuf,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Surroundings {
    /// # Errors
    /// `storage.unavailable` when no home directory is known.
    pub(super) fn new(context: &Context, engine: Engine) -> Result<Self, Failure> {
        Ok(Self {
            // A browser user cannot be asked for a passphrase on the terminal.
            secrets: compose::secrets(context)?.asking(Arc::new(NoPrompt)),
            hub: HubPages::new(context, Arc::clone(&engine.ports().reader))?,
            home: context.environment.synapse_home()?,
            context: context.clone(),
            engine,
        })
    }
}

#[async_trait]
impl Program for Surroundings {
    fn remedies(&self) -> &dyn RemedyText {
        &CommandLines
    }

    fn about(&self) -> About {
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system: doctor::SYSTEM.to_owned(),
            home: self.home.display().to_string(),
        }
    }

    async fn checklist(&self, stored: &StoredConnection) -> Result<Vec<Check>, Failure> {
        checklist::items(&self.context, &self.engine, stored, None, Looking::AtFiles).await
    }

    async fn doctor(&self) -> Vec<Check> {
        match doctor::examine(&self.context, &self.engine).await {
            Ok(checks) => checks,
            Err(failure) => vec![Check::new(CheckId::Home, Finding::Fail(failure))],
        }
    }

    async fn bundle(&self, checks: &[Check]) -> Result<String, Failure> {
        let about = self.about();
        let document = DoctorDocument::new(checks, &about.version, &about.system, &CommandLines);
        let now = self.engine.ports().clock.now().as_millis();
        let path = self.home.join(format!("bundle-{now}.json"));
        doctor::bundle::write(&self.context, &self.engine, &document, &path).await?;
        Ok(path.display().to_string())
    }

    fn ides(&self) -> Result<Vec<IdeClientView>, Failure> {
        ide::list::views(&self.context, None)
    }

    fn snippets(&self) -> Result<Vec<Snippet>, Failure> {
        let machine = ide::machine(&self.context.environment, None)?;
        let entry = ide::entry(&self.context, None)?;
        let mut snippets = Vec::new();
        for client in CLIENTS
            .iter()
            .filter(|client| is_detected(client, &machine))
        {
            let file = client.file(&machine, Scope::User);
            snippets.push(Snippet {
                client: client.id().to_owned(),
                title: client.title().to_owned(),
                file: file.map(|file| file.display().to_string()),
                text: synapse_ide::snippet(client, &entry)?,
            });
        }
        snippets.push(Snippet {
            client: "all".to_owned(),
            title: "Any other client".to_owned(),
            file: None,
            text: ide::plain_text(&self.context, None)?,
        });
        Ok(snippets)
    }

    fn place(&self, reference: &CredentialRef) -> String {
        self.secrets.place(reference)
    }

    fn seen(&self, reference: &CredentialRef) -> SecretStoreState {
        // As with network access off: a variable is not looked up, because that would read it.
        match self.secrets.seen(Some(reference), NetworkGate::Closed) {
            KeyFact::There(seen) => SecretStoreState::There(seen),
            KeyFact::Unusable(why) => SecretStoreState::Missing(why),
            KeyFact::Doubtful(flaw) => SecretStoreState::Missing(flaw.message().to_owned()),
            KeyFact::Unseen(_) | KeyFact::NotNeeded => {
                SecretStoreState::Unseen("not checked: that would require reading it".to_owned())
            }
        }
    }

    async fn keep(
        &self,
        reference: &CredentialRef,
        value: SecretString,
        writing: Writing,
    ) -> Result<Kept, Failure> {
        self.context.seen.remember(&value);
        self.secrets.writable(reference)?;
        if writing == Writing::Create {
            self.secrets.expect_none(reference).await?;
        }
        self.secrets.keep(reference, value, writing).await
    }

    async fn forget(&self, reference: &CredentialRef) -> Result<(), Failure> {
        self.secrets.remove(reference).await
    }

    async fn hub(&self) -> Result<HubView, Failure> {
        self.hub.view().await
    }

    async fn approvals(&self) -> Result<Vec<Approval>, Failure> {
        self.hub.approvals()
    }

    async fn hub_document(&self) -> Result<Value, Failure> {
        Ok(serde_json::to_value(self.hub.document()?).unwrap_or_default())
    }

    async fn act(&self, action: HubAction) -> Result<HubDone, Failure> {
        self.hub.act(action).await
    }

    async fn log_in(&self, order: &LoginOrder, desk: &LoginDesk) -> Result<LoginEnd, Failure> {
        self.hub.log_in(order, desk).await
    }
}
