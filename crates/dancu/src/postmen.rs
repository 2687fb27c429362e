//! Who brings deliveries to agencies, as the settings say.

use crate::{config::Config, failure::Failure};
use dancu_outbound::{
    AllowedNetworks, JetStreamPostman, JetStreamServer, Postmen, WebhookLimits, WebhookPostman,
};

/// Postmen to webhooks, and to the stream where a server is named. Nothing is connected yet.
pub fn open(config: &Config) -> Result<Postmen, Failure> {
    let networks = AllowedNetworks::new(config.webhook_networks.clone());
    let webhooks = WebhookPostman::new(networks, WebhookLimits::default());
    let server = config.nats_url.text().map(|address| {
        JetStreamServer::new(address, config.nats_certificates.clone()).ok_or_else(|| {
            Failure::new(
                "DANCU-CLI-096",
                "nats_url không phải địa chỉ máy chủ NATS. Cần dạng tls://người-dùng:mật-khẩu@máy-chủ:4222.",
                "nats_url is no address of a NATS server. It has the form tls://user:password@host:4222.",
            )
        })
    });
    Ok(Postmen::new(webhooks, server.transpose()?.map(JetStreamPostman::new)))
}
