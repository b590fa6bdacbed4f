CREATE TABLE "authorisation_visits" (
	"state" text PRIMARY KEY NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "component_tickets" (
	"component_app_id" text PRIMARY KEY NOT NULL,
	"ticket_sealed" text NOT NULL,
	"received_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "platform_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"app_id" text,
	"code_sealed" text,
	"received_at" bigint NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"done_at" bigint,
	"trouble" text
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "refresh_token_sealed" text;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "permissions" jsonb;--> statement-breakpoint
CREATE UNIQUE INDEX "platform_events_key" ON "platform_events" USING btree ("key");