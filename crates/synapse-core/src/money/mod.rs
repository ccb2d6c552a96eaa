//! Prices, and the cost of a call. Money is in integers, never floating point.

mod cost;
mod price;

pub use self::cost::{Billing, Cost, CostSource, Unpriced, Usage, dollars, estimate};
pub use self::price::{Price, PriceKey, PriceList, Rates, SeenPrice, ServiceTier};
