ALTER TABLE "accounts" ADD COLUMN "previous_token_sealed" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "previous_token_until" bigint;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "previous_aes_key_sealed" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "previous_aes_key_until" bigint;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "authorisation_at" bigint;--> statement-breakpoint
ALTER TABLE "component_tickets" ADD COLUMN "create_time" bigint;--> statement-breakpoint
ALTER TABLE "platform_events" ADD COLUMN "create_time" bigint;