//! Scratch: fills a ledger with made-up calls.
use synapse_core::call::{CallId, Caller, Operation};
use synapse_core::cost::CostSource;
use synapse_core::ledger::{Closing, Opening, Outcome};
use synapse_core::ports::Ledger;
use synapse_core::time::Timestamp;
use synapse_core::{Code, Draft, NetworkGate, Receipt};
use synapse_store::{Home, SqliteLedger};
fn main() {
    let home = Home::new(std::env::args().nth(1).unwrap());
    let now: i64 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut x: u64 = 88172645463325252;
    let mut rnd = move |n: u64| { x ^= x << 13; x ^= x >> 7; x ^= x << 17; (x >> 11) % n };
    rt.block_on(async {
        let ledger = SqliteLedger::new(home);
        let conns = [("work", "openai", "gpt-5.6-terra"), ("claude", "anthropic", "claude-sonnet-5-5"), ("quick", "openai", "gpt-6-luna"), ("hf", "huggingface", "openai/gpt-oss-120b:novita"), ("local", "ollama", "llama3.2")];
        let mut times = Vec::new();
        for day in 0..45i64 { for _ in 0..(4 + rnd(20)) { times.push(now - day * 86_400_000 - rnd(86_000_000) as i64); } }
        times.sort();
        for at in times {
            let (name, provider, model) = conns[rnd(5) as usize];
            let draft = Draft { provider: provider.into(), model: model.into(), credential: (provider != "ollama").then(|| "env:K".into()), gate: NetworkGate::Open, max_tokens: Some(100), ..Draft::default() };
            let c = draft.parse(name.parse().unwrap()).unwrap();
            let uuid = uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, (at / 1000) as u64, ((at % 1000) * 1_000_000) as u32));
            let mut receipt = Receipt::begin(CallId::new(uuid), &c, &c.model);
            let caller = Caller { client_name: [Some("cursor".to_string()), Some("claude-code".into()), None, Some("zed".into())][rnd(4) as usize].clone(), client_version: Some("3.1".into()), tool: Some("chat".into()) };
            ledger.open(Opening { started_at: Timestamp::from_millis(at), operation: Operation::Chat, caller, receipt: receipt.clone(), prompt: None }).await.unwrap();
            receipt.exchange.attempts = 1; receipt.exchange.maybe_billed = true; receipt.exchange.http_status = Some(200);
            receipt.exchange.bytes_out = 900 + rnd(40000); receipt.exchange.bytes_in = 300 + rnd(9000);
            receipt.exchange.headers_ms = Some(200 + rnd(500)); receipt.latency_ms = Some(800 + rnd(9000));
            receipt.usage.prompt_tokens = Some(200 + rnd(9000)); receipt.usage.completion_tokens = Some(50 + rnd(900));
            receipt.model_served = Some(model.split(':').next().unwrap().to_string()); receipt.finish_reason = Some("stop".into());
            if rnd(3) > 0 { receipt.usage.cached_tokens = Some(rnd(3000)); }
            receipt.exchange.request_id = Some(format!("req_{}", rnd(99999)));
            let known = name != "hf" || rnd(3) > 0;
            receipt.cost.amount_nano_usd = if provider == "ollama" { Some(0) } else if known { Some(rnd(60_000_000)) } else { None };
            receipt.cost.source = if known { CostSource::Estimated } else { CostSource::Unknown };
            let mut outcome = Outcome::Ok; let mut code = None;
            let fail = if name == "hf" && at > now - 4 * 3_600_000 { 0 } else { rnd(14) };
            if fail == 0 { outcome = Outcome::Error; code = Some(if name == "hf" { Code::CredentialTokenPermission } else { Code::ProviderRateLimited }); receipt.exchange.maybe_billed = false; receipt.cost.amount_nano_usd = None; receipt.usage = Default::default(); receipt.model_served = None; receipt.exchange.http_status = Some(403); receipt.finish_reason = None; }
            if fail == 1 { outcome = Outcome::Refused; code = Some(Code::GateNetworkDisabled); receipt.exchange.attempts = 0; receipt.exchange.maybe_billed = false; receipt.cost.amount_nano_usd = None; receipt.usage = Default::default(); receipt.model_served = None; receipt.exchange.http_status = None; receipt.latency_ms = None; receipt.finish_reason = None; }
            ledger.close(Closing { ended_at: Timestamp::from_millis(at + 1500), outcome, error_code: code, receipt, reply: None });
        }
        ledger.flush().await.unwrap();
    });
}
