//! The first prompt: one request, sent only if the user enters one.

use synapse_core::chat::{Message, Role};
use synapse_core::engine::ChatCall;
use synapse_core::gate::NetworkGate;
use synapse_core::shell::quote_text;

use super::{Setup, Stop};
use crate::command::chat;

impl Setup<'_> {
    pub(super) fn first(&mut self, name: &str) -> Result<(), Stop> {
        self.step = "the first prompt";
        let stored = self.engine.stored(name)?;
        if stored.draft.gate == NetworkGate::Closed {
            self.note("");
            self.note("no prompt can be sent yet: the network gate is closed");
            self.same_as(&format!("synapse connection edit {name} --allow-network"));
            return Ok(());
        }
        let prompt = match (&self.given.prompt, &self.asker) {
            (Some(prompt), _) => prompt.clone(),
            (None, None) => return Ok(()),
            (None, Some(asker)) => {
                self.note("");
                self.note(
                    "A first prompt is one request, which may cost money. Enter alone skips it.",
                );
                asker.text("Ask:", "")?
            }
        };
        if prompt.trim().is_empty() {
            return Ok(());
        }
        self.same_as(&format!("synapse chat {name} {}", quote_text(&prompt)));
        let call = ChatCall {
            connection: Some(name.to_owned()),
            messages: vec![Message::new(Role::User, prompt)],
            ..ChatCall::default()
        };
        self.wait(chat::run(
            self.context,
            &self.engine,
            chat::PreparedCall::plain(call),
        ))??;
        Ok(())
    }
}
