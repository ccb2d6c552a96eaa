//! The catalogue of error codes: one append-only table, the source of the enum, the reference page
//! and `synapse explain`.

use std::fmt;
use std::str::FromStr;

use super::class::Class;

/// One row of the catalogue.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CodeEntry {
    /// The code.
    pub code: Code,
    /// Its stable dotted name.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// Its meaning.
    pub meaning: &'static str,
    /// How Synapse detects it, with actions in braces.
    pub(super) detected: &'static str,
    /// Remedies, with actions in braces.
    pub(super) remedy: &'static str,
}

/// The text is not a code of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no error code is called `{0}`")]
pub struct CodeParseError(String);

macro_rules! catalogue {
    ($($variant:ident $name:literal $class:ident
        means $meaning:literal detected $detected:literal remedy $remedy:literal;)+) => {
        /// A stable, dotted error code. Append-only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// Every code with its explanation, in the order of the reference page.
            pub const CATALOGUE: &'static [CodeEntry] = &[
                $(CodeEntry {
                    code: Self::$variant,
                    name: $name,
                    class: Class::$class,
                    meaning: $meaning,
                    detected: $detected,
                    remedy: $remedy,
                },)+
            ];

            /// The stable dotted name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The class, which determines the exit code.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }
        }
    };
}

catalogue! {
    InternalInvariant "internal.invariant" Internal
        means "Synapse reached a state that should be impossible"
        detected "an internal check failed, for example a secret was about to be sent to a host that it is not bound to"
        remedy "Nothing was sent beyond that point. Please report it, with the message.";
    UsageInvalidArguments "usage.invalid-arguments" Usage
        means "the arguments of a command or of a tool call are invalid"
        detected "a required argument is missing, has the wrong type, or contradicts another one"
        remedy "Correct the named argument; see `--help` or the tool's input schema.";

    ConfigSyntax "config.syntax" Config
        means "a configuration file is not valid TOML, or JSON in the case of mcp-servers.json"
        detected "the parser stopped at the line and column shown; the file was not changed"
        remedy "Open the file at that line and repair it.";
    ConfigUnknownField "config.unknown-field" Config
        means "a configuration file has a field that this version does not know"
        detected "the field at the line and column shown is not in the format"
        remedy "Correct its spelling or remove it. Unknown fields are refused so that a typo never changes a safety setting silently.";
    ConfigInvalidValue "config.invalid-value" Config
        means "a field has an invalid value"
        detected "the value breaks the field's rule, which the message states"
        remedy "Replace the value by a valid one.";
    ConfigUnknownProvider "config.unknown-provider" Config
        means "the provider is unknown"
        detected "the provider name is not in the list that the message shows"
        remedy "Use one of the listed names.";
    ConfigDuplicateName "config.duplicate-name" Config
        means "a connection or upstream server of that name already exists"
        detected "the name is in connections.toml or mcp-servers.json; nothing was changed"
        remedy "Pick another name, or change the existing one: {edit-connection}, or the entry in mcp-servers.json.";
    ConfigNotFound "config.not-found" Config
        means "no connection or upstream server of that name exists"
        detected "connections.toml or mcp-servers.json has no such entry, or a named file does not exist"
        remedy "{list-connections} and {list-upstreams} show the names; check SYNAPSE_HOME when one is missing.";
    ConfigChanged "config.changed" Config
        means "the connection or file was changed by another process meanwhile"
        detected "connections.toml or mcp-servers.json differs from the version that the change was based on; nothing was written"
        remedy "Review the file, then make the change again.";
    ConfigNewerFormat "config.newer-format" Config
        means "a configuration file was written by a newer Synapse"
        detected "its `format` number is higher than this version knows; the file was not touched"
        remedy "Use the newer Synapse, or another SYNAPSE_HOME.";
    ConfigIncomplete "config.incomplete" Config
        means "something between a connection and an answer in the IDE is missing"
        detected "a required line of {checklist} does not pass"
        remedy "Do what the line says, then run {checklist} again.";

    IdeNotSupported "ide.not-supported" Usage
        means "the client cannot be configured in this way"
        detected "the table of clients has no file for it in that scope on this system, or no link"
        remedy "Use another scope, or paste the output of {print-entry}.";
    IdeFileInvalid "ide.file-invalid" Config
        means "the client's configuration file cannot be edited safely"
        detected "it does not parse, the path to the entry has a value of the wrong type or a duplicate key, or another part of it would change; it was not changed"
        remedy "Repair the file at the place that the message shows, then try again.";
    IdeFileUnusable "ide.file-unusable" Config
        means "the client's configuration file cannot be read or written"
        detected "the operating system refused, the file is read-only, larger than the limit, or not a regular file"
        remedy "Check owner and permissions of the file and of its directory.";
    IdeForeignEntry "ide.foreign-entry" Config
        means "the client has an entry called synapse that is not ours"
        detected "its command is not this program with `serve`; nothing was changed and it was not started"
        remedy "Rename or remove that entry in the client's file, or pass `--force` to replace it.";
    IdeFileChanged "ide.file-changed" Config
        means "the client's configuration file was changed meanwhile"
        detected "its content differs from the preview's, or from what Synapse wrote; nothing was written"
        remedy "Review the file, then run the command again.";
    IdeNotInstalled "ide.not-installed" Config
        means "the client has no entry of Synapse"
        detected "the file does not exist, has no entry called synapse, or there is no change by Synapse to undo"
        remedy "Run {install-entry}; {list-entries} shows the existing entries.";
    IdeNotLoaded "ide.not-loaded" Config
        means "the client has our entry but does not load it"
        detected "an entry of the same name in another file of the client takes precedence, or a setting of the client disables the entry"
        remedy "As the line says, remove the other entry or enable ours.";
    IdeLaunchFailed "ide.launch-failed" Config
        means "the configured command does not run as the client would start it"
        detected "the program is not on the client's PATH, is not executable, or exited before it answered"
        remedy "Run {install-entry} again: it writes the absolute path of this program.";
    IdeNoAnswer "ide.no-answer" Config
        means "the configured command did not answer in the client's time"
        detected "no reply to `initialize` or `tools/list` before the client's start-up timeout; the process was ended"
        remedy "Run the command by hand to see why it waits, or raise the client's timeout.";
    IdeBadAnswer "ide.bad-answer" Config
        means "the configured command does not speak MCP as the client expects"
        detected "its output is not a valid reply of the protocol, or the reply is an error"
        remedy "See the lines in the message: only the protocol may be on stdout.";
    IdeFileTooLarge "ide.file-too-large" Config
        means "the client's configuration file is larger than Synapse reads"
        detected "it has more than 64 MiB; it was neither read nor changed"
        remedy "Make the file smaller, or paste the output of {print-entry}.";
    IdeFileMounted "ide.file-mounted" Config
        means "the client's configuration file is a mount point"
        detected "another file is mounted at its path, as into a container, so it cannot be replaced; nothing was written"
        remedy "Change the original of the mounted file, or mount the directory instead of the file.";
    IdeFileHardLinked "ide.file-hard-linked" Config
        means "the client's configuration file has other names"
        detected "it has more than one hard link, and replacing it would leave the other names with the old content; nothing was written"
        remedy "Make it a separate file, or a symbolic link to the other one, then try again.";

    CredentialInvalidReference "credential.invalid-reference" Credential
        means "the credential reference is invalid"
        detected "it has none of the forms that the message lists, or breaks the rule of its kind"
        remedy "Write the reference in one of these forms.";
    CredentialLiteralToken "credential.literal-token" Credential
        means "a token was given where a reference to one is expected"
        detected "the text looks like a token; it was neither stored nor shown"
        remedy "Put the token into a file that only you can read and give `file:PATH`. Treat a token that was typed on a command line as exposed: rotate it.";
    CredentialMissing "credential.missing" Credential
        means "the credential does not exist at its reference"
        detected "there is no such file or entry, or the environment variable is not set"
        remedy "Create it there. Synapse never looks anywhere else.";
    CredentialUnreadable "credential.unreadable" Credential
        means "the credential exists but cannot be read"
        detected "the operating system refused to open or read it"
        remedy "Check owner and permissions of the file and of every directory above it.";
    CredentialNotAFile "credential.not-a-file" Credential
        means "the credential reference does not name a regular file"
        detected "it is a directory, a named pipe, a socket or a device"
        remedy "Point the reference at a regular file. (A symbolic link to one is fine.)";
    CredentialModeTooOpen "credential.mode-too-open" Credential
        means "other users of this machine may read the credential file"
        detected "its mode has group or other bits"
        remedy "Run the `chmod 600` that the hint shows.";
    CredentialEmpty "credential.empty" Credential
        means "the credential is empty"
        detected "the file, variable or entry is empty, or has only a line end"
        remedy "Write the token into it, on one line.";
    CredentialMultiLine "credential.multi-line" Credential
        means "the credential has more than one line"
        detected "there is a line break before the end"
        remedy "Keep exactly one line, the token itself.";
    CredentialMalformed "credential.malformed" Credential
        means "the credential contains characters that are invalid in a token"
        detected "a byte order mark, a space, a control or non-ASCII character, quotes around it, a line like API_KEY=value, or more than 8 KiB"
        remedy "Write the token again with a plain-text editor, without spaces around it.";
    CredentialWrongVendor "credential.wrong-vendor" Credential
        means "the token belongs to another provider or is of a kind that cannot chat"
        detected "its prefix; it was not sent"
        remedy "Reference the token of this connection's provider.";
    CredentialTokenRejected "credential.token-rejected" Credential
        means "the provider does not accept the token"
        detected "a code for an invalid key or a closed account at any status, or 401 from the provider itself"
        remedy "Create or copy the token again. A revoked token fails within seconds.";
    CredentialTokenPermission "credential.token-permission" Credential
        means "the token is valid but lacks a permission"
        detected "the provider names a missing scope or permission, or whoami lists none for inference"
        remedy "Give the token the permission that the hint names, or create one that has it.";
    CredentialAmbiguous "credential.ambiguous" Credential
        means "the reference matches more than one credential"
        detected "the store found several entries; none of them was used"
        remedy "Give the entry a unique name there, or refer to it by its id.";
    CredentialFieldMissing "credential.field-missing" Credential
        means "the entry exists but has no such field"
        detected "the store answered with the entry; the names of its fields may be shown, never their values"
        remedy "Correct the name of the field in the reference.";
    CredentialDeleted "credential.deleted" Credential
        means "the credential was deleted in its store"
        detected "the store says that the current version is deleted or destroyed"
        remedy "Undelete that version in the store, or write a new one.";
    CredentialExists "credential.exists" Credential
        means "the credential already exists"
        detected "a new one was to be written; nothing was changed"
        remedy "Replace it with {replace-secret}, or pick another name.";
    CredentialCommandFailed "credential.command-failed" Credential
        means "the command of a `cmd:` reference failed"
        detected "its exit status, or the signal that ended it; its stderr is not shown"
        remedy "Run the command by hand to see its output.";
    CredentialStoreReadOnly "credential.store-read-only" Credential
        means "Synapse does not write to that kind of store"
        detected "the scheme of the reference; nothing was touched"
        remedy "Write it with the store's own command, which the hint shows.";
    CredentialStoreNotFound "credential.store-not-found" Credential
        means "the credential's store is missing on this machine"
        detected "the program is not on PATH, no Secret Service answers on the session bus, or the local vault was never created"
        remedy "Install or start it, or keep the credential elsewhere.";
    CredentialStoreNotConfigured "credential.store-not-configured" Credential
        means "the store is not configured"
        detected "no address or token of the Vault server is known, systemd gave this process no credentials directory, or the password store was never initialised"
        remedy "Configure it as described in docs/guides/secrets.md.";
    CredentialStoreUnreachable "credential.store-unreachable" Credential
        means "the store could not be reached"
        detected "there is no session bus, or no answer came from the Vault server"
        remedy "Start the session bus, or check address and network of the server.";
    CredentialStoreLocked "credential.store-locked" Credential
        means "the store is locked, and nobody was there to unlock it"
        detected "the keyring dismissed its prompt, gpg has no usable secret key, or no key was given for the local vault"
        remedy "Unlock it and try again; for the local vault set SYNAPSE_VAULT_KEY_FILE.";
    CredentialStoreSealed "credential.store-sealed" Credential
        means "the Vault server is sealed or not initialised"
        detected "503 from the server"
        remedy "Unseal it, or ask its operator.";
    CredentialStoreSignedOut "credential.store-signed-out" Credential
        means "nobody is signed in to the store"
        detected "the store's own program says so"
        remedy "Sign in with that program, for example `op signin`.";
    CredentialStoreDenied "credential.store-denied" Credential
        means "the store refused to return the credential"
        detected "403 from the Vault server, a declined prompt, or a missing permission"
        remedy "Give the account or token permission to read that path.";
    CredentialStoreTimeout "credential.store-timeout" Credential
        means "the store did not answer in time"
        detected "no answer within the deadline; its program was killed"
        remedy "See whether the store waits for a prompt, then try again.";
    CredentialStoreFailed "credential.store-failed" Credential
        means "the store failed in an unknown way"
        detected "an unknown exit status, status code or answer; its output is not shown"
        remedy "Ask the store by hand, with the command in the hint.";
    CredentialVaultKeyInvalid "credential.vault-key-invalid" Credential
        means "the key file of the local vault cannot be used"
        detected "it is missing, open to others, or holds no age key"
        remedy "Point SYNAPSE_VAULT_KEY_FILE at the key file that the vault was sealed with.";
    CredentialVaultWrongKey "credential.vault-wrong-key" Credential
        means "the key does not open the local vault"
        detected "no recipient of the file fits the key, or the passphrase is wrong"
        remedy "Use the key or passphrase that it was sealed with. It cannot be opened otherwise.";
    CredentialVaultTruncated "credential.vault-truncated" Credential
        means "the local vault is cut off"
        detected "the file ends before its sealed content does; it was not changed"
        remedy "Restore it from a backup.";
    CredentialVaultTampered "credential.vault-tampered" Credential
        means "the local vault was changed by something other than Synapse"
        detected "its authentication fails, or its content is not a vault; it was not changed"
        remedy "Restore it from a backup, and find out who wrote to it.";
    CredentialVaultNewerFormat "credential.vault-newer-format" Credential
        means "the local vault was written by a newer Synapse"
        detected "the version of its envelope or of its content; it was not changed"
        remedy "Use the newer Synapse.";
    CredentialUnbound "credential.unbound" Credential
        means "the credential is not confirmed for the host of the base URL or for the proxy"
        detected "the base URL or the proxy is not the one for which the connection was saved; nothing was sent and no secret was read"
        remedy "If you trust the host with the credential, confirm it with the command in the hint. If you did not change the base URL or the proxy, find out who did.";
    CredentialTrackedByGit "credential.tracked-by-git" Credential
        means "git tracks a file that holds a secret"
        detected "`git ls-files` lists the file; anyone with the repository has the secret"
        remedy "Replace the secret first, because the history keeps the old one; then remove the file from git with the command in the hint.";
    CredentialNotIgnoredByGit "credential.not-ignored-by-git" Credential
        means "a file that holds a secret is in a git work tree and not ignored"
        detected "`git check-ignore` does not list the file; the next `git add` may add it"
        remedy "Move the file out of the work tree, or let git ignore it.";
    CredentialForeignOwner "credential.foreign-owner" Credential
        means "a file that holds a secret belongs to another user"
        detected "its owner is neither this user nor root"
        remedy "Create your own file; the owner of this one can read and change it.";
    CredentialPublicPlace "credential.public-place" Credential
        means "a file that holds a secret is in a public or writable place"
        detected "its name, a parent directory, or the mode of its directory"
        remedy "Move the secret to ~/.synapse or to a keyring, and change the reference.";
    CredentialNotPassedOn "credential.not-passed-on" Credential
        means "the credential is a variable that an IDE does not pass on"
        detected "the reference is `env:`, and no known IDE configuration passes the variable to synapse"
        remedy "Keep the secret in a file or keyring, or name the variable in the IDE's entry for Synapse.";
    CredentialTokenInFile "credential.token-in-file" Credential
        means "a configuration file contains a token"
        detected "a line looks like a token; it was not shown"
        remedy "Store the token where a reference can name it, replace it in the file by the reference, and treat it as exposed: rotate it.";

    GateNetworkDisabled "gate.network-disabled" NetworkGate
        means "live calls are off for this connection"
        detected "locally: no socket was opened and no secret was read"
        remedy "Open the gate with the command in the hint, if you want live calls.";

    EndpointInvalidUrl "endpoint.invalid-url" Endpoint
        means "the base URL is invalid"
        detected "locally: not a URL, not https (http is for loopback, and without a credential for a private address), or with user info, query or fragment"
        remedy "Correct the base URL as the hint shows.";
    EndpointPathMismatch "endpoint.path-mismatch" Endpoint
        means "there is no chat endpoint under the base URL"
        detected "locally by the path rules, or by 404, 405 or an `Invalid URL` answer about the path rather than the model"
        remedy "Use the base URL that the hint shows; it usually ends in /v1.";
    EndpointRedirected "endpoint.redirected" Endpoint
        means "the server answered with a redirect, which was not followed"
        detected "a 3xx status; the target is shown"
        remedy "If you trust the target, make it the base URL.";
    EndpointGone "endpoint.gone" Endpoint
        means "the endpoint was retired"
        detected "410, or a host that is known to be retired"
        remedy "Use the base URL that the hint shows.";
    EndpointWrongRegionHost "endpoint.wrong-region-host" Endpoint
        means "the project must use a regional host"
        detected "401 with the code `incorrect_hostname`"
        remedy "Set the base URL to the host that the provider's message names.";
    EndpointNotAnApi "endpoint.not-an-api" Endpoint
        means "something other than the provider's API answered"
        detected "an HTML page, a non-HTTP answer, or an answer not in the API's format"
        remedy "Look for a captive portal, a proxy, or a wrong host.";

    ProviderAccountScope "provider.account-scope" ProviderAccess
        means "the token belongs to another organization or project than the connection's"
        detected "the provider's code, or its answer to the bill-to organization"
        remedy "Remove or correct `organization`, `project` or `bill_to`.";
    ProviderRegionBlocked "provider.region-blocked" ProviderAccess
        means "the provider refuses this country or network address"
        detected "a country code, an IP allow-list code, or a 403 page of an edge server"
        remedy "Check VPN, proxy and the account's IP allow-list.";
    ProviderModelAccess "provider.model-access" ProviderAccess
        means "the account may not use this model"
        detected "403 of OpenAI with `model_not_found`, or a message that asks for verification, gated access or a subscription"
        remedy "Enable the model for the project, or choose another one.";
    ProviderModelUnavailable "provider.model-unavailable" ProviderAccess
        means "the model does not exist, or no provider serves it now"
        detected "the provider's code or message, a complete list without it, or no live sub-provider"
        remedy "Check the spelling; on this machine fetch or load the model; for Hugging Face enable or pin a live sub-provider.";
    ProviderCreditsExhausted "provider.credits-exhausted" ProviderAccess
        means "credits, quota or a spend limit are used up"
        detected "402, a vendor's billing code, a message that balance, budget, credits or quota are used up, or a limit of 0, at any status"
        remedy "Buy credits or raise the limit. Waiting does not help.";
    ProviderRateLimited "provider.rate-limited" ProviderAccess
        means "the provider limits the request rate"
        detected "429 or a rate-limit code, if neither a code nor the message is about billing"
        remedy "Try again after the time that the provider asks for. Synapse does not retry by itself.";
    ProviderContextTooLong "provider.context-too-long" ProviderAccess
        means "the prompt is too long for the model or the limit"
        detected "a vendor's code, 413, or a message that compares the tokens of the prompt with the model's limit, at any status"
        remedy "Shorten the prompt or use a model with a larger context.";
    ProviderRequestRejected "provider.request-rejected" ProviderAccess
        means "the provider does not accept the request"
        detected "any other 4xx; names the parameter if the provider does"
        remedy "Change or remove the named parameter.";

    ProviderOverloaded "provider.overloaded" ProviderState
        means "the provider is overloaded or unreachable behind its edge"
        detected "502, 503, 504, 520 to 529, or `server_is_overloaded`"
        remedy "Try later, or pin another sub-provider. Synapse does not retry by itself.";
    ProviderFailed "provider.failed" ProviderState
        means "the provider failed"
        detected "any other 5xx, or a sub-provider that rejects the router's own key"
        remedy "Report it to the provider with the request id.";
    ProviderBadResponse "provider.bad-response" ProviderState
        means "the provider's answer cannot be used"
        detected "not JSON, not a chat completion, truncated, or larger than the cap"
        remedy "Report it to the provider with the request id; the call may have been billed.";
    ProviderEmptyResponse "provider.empty-response" ProviderState
        means "the provider answered without any choice"
        detected "`choices` is empty, or the body is"
        remedy "Report it to the provider with the request id; the call may have been billed.";
    ProviderUnexpectedStream "provider.unexpected-stream" ProviderState
        means "the provider streamed although `stream: false` was sent"
        detected "the content type is text/event-stream"
        remedy "The endpoint is not a non-streaming chat endpoint; check the base URL or report it.";

    ProviderPartlyUnreadable "provider.partly-unreadable" ProviderState
        means "part of an answer could not be read; the rest is returned"
        detected "the body is not valid JSON, or a member has the wrong type; only a warning next to the answer"
        remedy "No action is needed. The causes name each position; report them to the provider if they recur.";

    TransportDns "transport.dns" Transport
        means "the host name could not be resolved"
        detected "name resolution failed; nothing was sent"
        remedy "Check the spelling of the host and the network.";
    TransportRefused "transport.refused" Transport
        means "nothing listens at the host and port"
        detected "connection refused; nothing was sent"
        remedy "Start the server, or correct host and port.";
    TransportUnreachable "transport.unreachable" Transport
        means "the host could not be reached"
        detected "connecting failed; nothing was sent"
        remedy "Check network, VPN and firewall.";
    TransportTls "transport.tls" Transport
        means "no trusted TLS connection could be made"
        detected "the certificate or the TLS handshake failed; nothing was sent"
        remedy "Check for an intercepting proxy. If you trust it, point SSL_CERT_FILE at a bundle that holds its certificate and the public ones: the file replaces the system's roots.";
    TransportProxy "transport.proxy" Transport
        means "the proxy of the connection does not work"
        detected "the configured proxy cannot be reached, or it answered CONNECT with a refusal; nothing was sent"
        remedy "Correct the connection's proxy, or remove it.";
    TransportConnectTimeout "transport.connect-timeout" Transport
        means "connecting took too long"
        detected "no connection within the connect deadline; nothing was sent"
        remedy "Check network and firewall.";
    TransportResponseTimeout "transport.response-timeout" Transport
        means "the answer took too long"
        detected "the request was sent, but no complete answer came within the deadline; it may have been billed"
        remedy "Raise the timeout of the connection, or ask for less.";
    TransportInterrupted "transport.interrupted" Transport
        means "the connection broke before the answer was complete"
        detected "reset, closed early or cut off; the message says whether the request may have been billed"
        remedy "Check the provider's usage page before sending it again.";

    TelemetryNotBuilt "telemetry.not-built" Config
        means "telemetry is configured, but this Synapse was built without it"
        detected "connections.toml has a `[telemetry]` table; nothing was sent anywhere"
        remedy "Build with `cargo install --path crates/synapse-cli --features otel`, or remove the table.";
    TelemetryNotDelivered "telemetry.not-delivered" Transport
        means "spans or metrics did not reach the collector"
        detected "the collector that connections.toml names could not be reached in time, refused them, or was too slow for their number; calls are not affected"
        remedy "Start the collector, or correct or remove `[telemetry]`. Undelivered data is not sent again; the ledger has every call.";

    PolicyBudgetExceeded "policy.budget-exceeded" Policy
        means "a limit of the connection is reached"
        detected "the usage of the day or month, the reservations of calls in progress, and the maximum of this call together exceed the limit; nothing was sent"
        remedy "Wait for the next day or month (UTC), raise the limit, or ask for less with max tokens.";
    PolicyCostUnknown "policy.cost-unknown" Policy
        means "the maximum cost of the call is unknown"
        detected "the connection's limits are strict and no price is known for the model; nothing was sent"
        remedy "See the prices with {list-models}, or make the limits lenient.";

    StorageUnavailable "storage.unavailable" Storage
        means "a file of Synapse cannot be read or written"
        detected "the operating system refused"
        remedy "Check the permissions of the directory, or set SYNAPSE_HOME to another one.";
    StorageReadOnly "storage.read-only" Storage
        means "the directory of Synapse cannot be written"
        detected "read-only file system or missing write permission"
        remedy "Make it writable, or set SYNAPSE_HOME to another directory.";
    StorageLocked "storage.locked" Storage
        means "another process locked a file of Synapse for too long"
        detected "the lock was not free within the waiting time"
        remedy "Look for a hanging synapse process, then try again.";
    StorageCorrupt "storage.corrupt" Storage
        means "a file of Synapse is damaged"
        detected "SQLite reports that the ledger is malformed or not a database, or an approval of the hub does not match its hash; it was not changed"
        remedy "For the ledger, run {repair-ledger}: it recovers the readable rows and keeps the damaged file. Or move the file away to start a new one; limits then begin at zero. For an approval, run {approve-upstream}.";
    StorageNewerFormat "storage.newer-format" Storage
        means "the ledger was written by a newer Synapse"
        detected "its schema version is higher than this version knows; it was not changed"
        remedy "Use the newer Synapse, or another SYNAPSE_HOME.";
    StorageDiskFull "storage.disk-full" Storage
        means "the disk is full"
        detected "the write failed for lack of space"
        remedy "Free some space.";
    StorageModeTooOpen "storage.mode-too-open" Storage
        means "other users of this machine may change Synapse's own files"
        detected "the mode or the owner of its directory or of a file in it; the file was not used"
        remedy "Run the command in the hint; then look at your connections, in case somebody changed them.";
    StorageUnfinishedFile "storage.unfinished-file" Storage
        means "a process that was killed left an unfinished file, which may hold a secret"
        detected "{examine} found one in Synapse's directory that no process is writing"
        remedy "Remove it with the command in the hint; the next write to its directory does so too.";
    StorageRowsWaiting "storage.rows-waiting" Storage
        means "calls are not in the ledger yet"
        detected "they could not be written and wait in ledger.spool, or lines there are unreadable"
        remedy "Make the ledger writable, see {examine}; the next command enters them.";
    StorageClockContradicted "storage.clock-contradicted" Storage
        means "the dates of calls contradict the order in which they were written"
        detected "calls are dated later than calls that came after them, or the clock is far ahead of every call; retention ignores such dates"
        remedy "Set the clock. Rows with a wrong date stay until a purge names their date.";
    ConfigUnresolvedVariable "config.unresolved-variable" Config
        means "a `${…}` of mcp-servers.json names a variable that is not set"
        detected "the variable is neither in the entry's own `env`, nor in its `envFile`, nor in the environment, and has no default"
        remedy "Set the variable, name a file with `envFile`, or give a default: `${NAME:-default}`.";
    ConfigSecretInArgv "config.secret-in-argv" Config
        means "a secret would become an argument of a program"
        detected "a secret reference, or text that looks like a token, is in `command`, `args` or `url`; other users can read arguments"
        remedy "Move it to `env` of a program or to `headers` of a URL.";
    PolicyToolBudget "policy.tool-budget" Policy
        means "the tools of the hub exceed the limit that was set"
        detected "their number or their estimated tokens are above `--max-tools` or `--max-tool-tokens`; none of them is offered"
        remedy "Narrow the hub with `--group`, `--upstream` or `tools`, use `--hub-mode search`, or raise the limit.";
    UpstreamNotApproved "upstream.not-approved" Upstream
        means "this upstream server is not approved"
        detected "it has no approval for this configuration file; nothing was started, contacted or read"
        remedy "Review and approve it with {approve-upstream}.";
    UpstreamChanged "upstream.changed" Upstream
        means "the upstream server differs from its approval"
        detected "its command, directory, variables, URL or headers differ from the approval; nothing was started, contacted or read"
        remedy "Review the difference and approve it with {approve-upstream}.";
    UpstreamStartFailed "upstream.start-failed" Upstream
        means "the program of an upstream server could not be started"
        detected "the operating system refused, or the program ended before its first answer; the message has its exit code and its last lines"
        remedy "Correct the program or its variables; {preflight-upstream} tries it alone.";
    UpstreamExited "upstream.exited" Upstream
        means "the upstream server ended during a call"
        detected "its process exited or closed its output before the answer; the call may have run"
        remedy "Read its last lines with {upstream-log}. It is started again by the next call.";
    UpstreamTimeout "upstream.timeout" Upstream
        means "the upstream server did not answer in time"
        detected "the limit for its start or for the call passed without an answer or progress; the call may have run"
        remedy "Raise `timeouts` of the entry if the server needs longer.";
    UpstreamProtocol "upstream.protocol" Upstream
        means "the upstream server broke the protocol"
        detected "its answer is not JSON, has no result and no error, or contradicts what it negotiated"
        remedy "Update the server; report it to its authors with the message.";
    UpstreamTooLarge "upstream.too-large" Upstream
        means "the upstream server sent more than Synapse accepts"
        detected "a message exceeded the limit for bytes, depth or number of values"
        remedy "Ask the server for less; the limits are in the reference.";
    UpstreamNotMcp "upstream.not-mcp" Upstream
        means "no MCP server answers at that URL"
        detected "the answer is a web page, a redirect or something else that is not MCP"
        remedy "Check the URL of the entry; it usually ends in `/mcp`.";
    UpstreamRefused "upstream.refused" Upstream
        means "the upstream server refused access"
        detected "it answered 401 or 403 to the credential that the entry has"
        remedy "Replace the credential, or log in with {log-in}.";
    UpstreamUnavailable "upstream.unavailable" Upstream
        means "the upstream server cannot answer now"
        detected "it answered 429 or 5xx; nothing is sent again"
        remedy "Try again later; `Retry-After` is shown if the server sent it.";
    UpstreamSessionLost "upstream.session-lost" Upstream
        means "the upstream server forgot its session"
        detected "it answered 404 to a session that it had opened; the call did not run"
        remedy "Call again: the next call opens a new session.";
    UpstreamInterrupted "upstream.interrupted" Upstream
        means "the answer of the upstream server was cut off"
        detected "the connection ended inside the answer; the call may have run"
        remedy "Check whether the call took effect before you repeat it.";
    UpstreamUnsupported "upstream.unsupported" Upstream
        means "the upstream server needs something that Synapse does not support"
        detected "it uses the HTTP+SSE transport, a revision, or a capability that is not supported"
        remedy "Use its streamable HTTP endpoint or a newer version of the server.";
    UpstreamToolChanged "upstream.tool-changed" Upstream
        means "a tool differs from its approval"
        detected "the server's list has another description, schema or annotation for it than the approved catalogue; the call was not sent"
        remedy "Review the difference and approve it with {approve-upstream}.";
    UpstreamToolGone "upstream.tool-gone" Upstream
        means "an approved tool no longer exists"
        detected "the server no longer lists it; the call was not sent"
        remedy "Approve the server's present list with {approve-upstream}.";
    UpstreamToolDenied "upstream.tool-denied" Upstream
        means "the tool is not offered"
        detected "`tools` of the entry does not allow it, or denies it, or it is not among the approved tools"
        remedy "Change `tools` of the entry in mcp-servers.json, or approve the present list with {approve-upstream}.";
    OauthDiscoveryFailed "oauth.discovery-failed" Oauth
        means "the authorization server of an upstream could not be found"
        detected "there is no metadata document at the specified URLs; each is listed with its status"
        remedy "Check the server's URL, or name the document with `authServerMetadataUrl`.";
    OauthNoChallenge "oauth.no-challenge" Oauth
        means "the upstream server does not ask for a login"
        detected "it answered without a challenge although no token was sent"
        remedy "No login is needed for what it offers; for Hugging Face add `?login` to the URL.";
    OauthClientRequired "oauth.client-required" Oauth
        means "no OAuth client is configured for this upstream"
        detected "the entry has no client id and no metadata document, and `--register` was not given"
        remedy "Configure a client id, a metadata document, or log in with `--register`.";
    OauthRegistrationRefused "oauth.registration-refused" Oauth
        means "the authorization server refused to register a client"
        detected "its registration endpoint answered with an error, or it has none"
        remedy "Register an app with the provider and configure its client id.";
    OauthRedirectMismatch "oauth.redirect-mismatch" Oauth
        means "the redirect URI is not registered for this client"
        detected "the authorization server refused it before a login page was shown; no browser was opened"
        remedy "Register exactly the URI in the message with the provider, or correct `redirectUri`.";
    OauthClientUnknown "oauth.client-unknown" Oauth
        means "the authorization server does not know the client"
        detected "it refused the client id before a login page was shown"
        remedy "Correct the client id, or log in again with `--register`.";
    OauthScopeRefused "oauth.scope-refused" Oauth
        means "the authorization server refused the scopes"
        detected "it answered `invalid_scope`"
        remedy "Ask for other scopes with `--oauth-scope`.";
    OauthDenied "oauth.denied" Oauth
        means "the login was declined"
        detected "the authorization server answered `access_denied` or another error"
        remedy "Log in again and agree, or use another account.";
    OauthStateMismatch "oauth.state-mismatch" Oauth
        means "an answer does not belong to this login"
        detected "its `state` is missing, wrong or already used; the answer was ignored"
        remedy "Begin the login again.";
    OauthIssuerMismatch "oauth.issuer-mismatch" Oauth
        means "a document or an answer names another issuer"
        detected "the issuer is not byte for byte the expected one"
        remedy "Do not log in; check the server's URL and ask its operator.";
    OauthIssuerChanged "oauth.issuer-changed" Oauth
        means "the upstream now names another authorization server"
        detected "its issuer or token endpoint differs from the one that was confirmed at login; nothing was sent there"
        remedy "If the change is expected, log in again with {log-in}.";
    OauthPkceUnsupported "oauth.pkce-unsupported" Oauth
        means "the authorization server does not advertise PKCE with S256"
        detected "`code_challenge_methods_supported` lacks S256"
        remedy "Set `pkce` to `unadvertised` in the entry if its operator confirms that S256 works.";
    OauthResourceMismatch "oauth.resource-mismatch" Oauth
        means "the metadata belongs to another resource"
        detected "`resource` is neither the server's URL nor a parent of it, or the document is on another origin"
        remedy "Check the URL of the entry; do not log in if it is right.";
    OauthPortBusy "oauth.port-busy" Oauth
        means "the callback port is in use"
        detected "another program listens on the port of the redirect URI"
        remedy "End that program, or use another port if the registration allows one.";
    OauthLoginTimeout "oauth.login-timeout" Oauth
        means "the login was not completed in time"
        detected "no callback came before the limit"
        remedy "Start again; `--timeout` allows more time, `--paste` and `--device` need no callback.";
    OauthLoginRequired "oauth.login-required" Oauth
        means "the upstream requires a login"
        detected "no usable token is stored for it; nothing was sent"
        remedy "Log in with {log-in}.";
    OauthDeviceExpired "oauth.device-expired" Oauth
        means "the device code expired before it was confirmed"
        detected "the authorization server answered `expired_token`, or the time it gave has passed"
        remedy "Begin again with {log-in-by-device}.";
    OauthTokenRefused "oauth.token-refused" Oauth
        means "the upstream refused the access token"
        detected "it answered 401; the call was not repeated"
        remedy "Call again: the token is refreshed first. If that fails, log in again.";
    OauthTokenInvalid "oauth.token-invalid" Oauth
        means "the token endpoint returned no usable token"
        detected "its answer has no access token, another token type, or characters that are invalid in a header"
        remedy "Log in again; report it to the operator of the authorization server.";
    OauthScope "oauth.scope" Oauth
        means "the token lacks a scope"
        detected "the upstream answered 403 and asks for more than was granted"
        remedy "Log in again with the scopes in the hint.";
    OauthTwoCredentials "oauth.two-credentials" Oauth
        means "the upstream already has a credential"
        detected "the entry has an `Authorization` header; a login would compete with it"
        remedy "Remove the header to log in, or keep it and do not log in.";
    OauthStoreUnavailable "oauth.store-unavailable" Oauth
        means "the store of tokens cannot be used"
        detected "the keyring is locked, absent or did not answer within 3 seconds, or a file is damaged"
        remedy "Unlock or repair the store that the configuration names; no other one is used.";
    ConfigSeveralInstallations "config.several-installations" Config
        means "several programs called synapse are on PATH"
        detected "the directories of PATH lead to different files of that name; a shell starts the first"
        remedy "Remove the unused ones with the tools that installed them.";
}

impl Code {
    /// The catalogue row of this code.
    #[must_use]
    pub fn entry(self) -> Option<&'static CodeEntry> {
        Self::CATALOGUE.iter().find(|entry| entry.code == self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = CodeParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::CATALOGUE
            .iter()
            .find(|entry| entry.name == text)
            .map(|entry| entry.code)
            .ok_or_else(|| CodeParseError(text.to_owned()))
    }
}
