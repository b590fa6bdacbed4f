CREATE TABLE "access_tokens" (
	"app_id" text PRIMARY KEY NOT NULL,
	"token_sealed" text,
	"expires_at" bigint,
	"obtained_at" bigint,
	"forced_at" bigint,
	"forced_day" text,
	"forced_count" integer DEFAULT 0 NOT NULL,
	"lease_owner_id" text,
	"lease_expires_at" bigint
);
--> statement-breakpoint
CREATE TABLE "account_tags" (
	"app_id" text NOT NULL,
	"name" text NOT NULL,
	"tag_id" integer NOT NULL,
	CONSTRAINT "account_tags_app_id_name_pk" PRIMARY KEY("app_id","name")
);
--> statement-breakpoint
CREATE TABLE "accounts" (
	"app_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text DEFAULT 'owned' NOT NULL,
	"mode" text NOT NULL,
	"rules" text DEFAULT 'wechat-2023' NOT NULL,
	"on_unknown" text DEFAULT 'retry' NOT NULL,
	"timezone" text DEFAULT 'Asia/Shanghai' NOT NULL,
	"api_base" text,
	"human_agents" boolean DEFAULT false NOT NULL,
	"app_secret_sealed" text NOT NULL,
	"token_sealed" text NOT NULL,
	"encoding_aes_key_sealed" text,
	"previous_token_sealed" text,
	"previous_token_until" bigint,
	"previous_aes_key_sealed" text,
	"previous_aes_key_until" bigint,
	"refresh_token_sealed" text,
	"permissions" jsonb,
	"authorisation_at" bigint,
	"state" text DEFAULT 'active' NOT NULL,
	"state_reason" text,
	"state_since" bigint NOT NULL,
	"state_until" bigint,
	"invalid_recipients" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"variables" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"verified" boolean,
	"refused_kinds" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"send_quota" jsonb,
	"forward_sealed" text,
	"last_callback_at" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "api_tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"hash" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint,
	"last_used_at" bigint
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"details" jsonb
);
--> statement-breakpoint
CREATE TABLE "campaign_versions" (
	"id" text NOT NULL,
	"version" integer NOT NULL,
	"source" text NOT NULL,
	"source_hash" text NOT NULL,
	"model" jsonb NOT NULL,
	"warnings" jsonb NOT NULL,
	"published_at" bigint NOT NULL,
	CONSTRAINT "campaign_versions_id_version_pk" PRIMARY KEY("id","version")
);
--> statement-breakpoint
CREATE TABLE "campaigns" (
	"id" text PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"state" text NOT NULL,
	"bodies_version" integer,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "component_tickets" (
	"component_app_id" text PRIMARY KEY NOT NULL,
	"ticket_sealed" text NOT NULL,
	"received_at" bigint NOT NULL,
	"create_time" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"run_key" text NOT NULL,
	"step_id" text NOT NULL,
	"app_id" text NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"unclear" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"intent_at" bigint,
	"ended_at" bigint,
	"sent_at" bigint,
	"errcode" integer,
	"reason" text,
	"rid" text,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "deliveries_run_key_step_id_pk" PRIMARY KEY("run_key","step_id")
);
--> statement-breakpoint
CREATE TABLE "followers" (
	"app_id" text NOT NULL,
	"open_id" text NOT NULL,
	"followed_at" bigint,
	"followed_seq" bigint,
	"unfollowed_at" bigint,
	"unfollowed_seq" bigint,
	"opted_out_at" bigint,
	"agent" boolean DEFAULT false NOT NULL,
	"agent_at" bigint,
	"agent_seq" bigint,
	"paused" boolean DEFAULT false NOT NULL,
	"grants" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"last_interaction_at" bigint,
	"attributes" jsonb,
	"attributes_at" bigint,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "followers_app_id_open_id_pk" PRIMARY KEY("app_id","open_id")
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"app_id" text NOT NULL,
	"open_id" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"kind" text NOT NULL,
	"create_time" bigint NOT NULL,
	"received_at" bigint NOT NULL,
	"event" jsonb,
	"reply" jsonb,
	"dispatched_at" bigint,
	"result" text,
	"lease_owner_id" text,
	"lease_expires_at" bigint,
	"attempts" integer DEFAULT 0 NOT NULL,
	"retry_at" bigint,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "media" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"content_type" text NOT NULL,
	"filename" text NOT NULL,
	"bytes" integer NOT NULL,
	"content" text NOT NULL,
	"created_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "media_uploads" (
	"app_id" text NOT NULL,
	"media_id" text NOT NULL,
	"type" text NOT NULL,
	"wechat_media_id" text NOT NULL,
	"uploaded_at" bigint NOT NULL,
	CONSTRAINT "media_uploads_app_id_media_id_type_pk" PRIMARY KEY("app_id","media_id","type")
);
--> statement-breakpoint
CREATE TABLE "pending_authorisations" (
	"state" text PRIMARY KEY NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"code_key" text
);
--> statement-breakpoint
CREATE TABLE "periodic_jobs" (
	"name" text PRIMARY KEY NOT NULL,
	"lease_owner_id" text,
	"lease_expires_at" bigint,
	"last_run_at" bigint
);
--> statement-breakpoint
CREATE TABLE "platform_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"dedupe_key" text NOT NULL,
	"kind" text NOT NULL,
	"app_id" text,
	"code_sealed" text,
	"received_at" bigint NOT NULL,
	"create_time" bigint,
	"attempts" integer DEFAULT 0 NOT NULL,
	"done_at" bigint,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "recovery_codes" (
	"hash" text PRIMARY KEY NOT NULL,
	"user_name" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"run_key" text PRIMARY KEY NOT NULL,
	"app_id" text NOT NULL,
	"open_id" text NOT NULL,
	"campaign" text NOT NULL,
	"version" integer NOT NULL,
	"run_id" text,
	"status" text NOT NULL,
	"outcome" text,
	"entry" jsonb NOT NULL,
	"plan" jsonb NOT NULL,
	"state" jsonb NOT NULL,
	"revision" integer NOT NULL,
	"started_at" bigint NOT NULL,
	"ended_at" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"hash" text PRIMARY KEY NOT NULL,
	"user_name" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_challenges" (
	"hash" text PRIMARY KEY NOT NULL,
	"user_name" text NOT NULL,
	"expires_at" bigint NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_locations" (
	"user_name" text NOT NULL,
	"location_hash" text NOT NULL,
	"last_used_at" bigint NOT NULL,
	CONSTRAINT "sign_in_locations_user_name_location_hash_pk" PRIMARY KEY("user_name","location_hash")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"name" text PRIMARY KEY NOT NULL,
	"role" text NOT NULL,
	"password_hash" text NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"disabled_at" bigint,
	"totp_secret_sealed" text,
	"totp_enabled_at" bigint,
	"totp_last_step" bigint
);
--> statement-breakpoint
CREATE UNIQUE INDEX "api_tokens_hash" ON "api_tokens" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "audit_log_by_time" ON "audit_log" USING btree ("at");--> statement-breakpoint
CREATE INDEX "deliveries_by_account" ON "deliveries" USING btree ("app_id","state");--> statement-breakpoint
CREATE UNIQUE INDEX "inbox_dedupe_key" ON "inbox" USING btree ("dedupe_key");--> statement-breakpoint
CREATE INDEX "inbox_by_follower" ON "inbox" USING btree ("app_id","open_id","kind","create_time");--> statement-breakpoint
CREATE INDEX "inbox_pending_by_account" ON "inbox" USING btree ("app_id","id") WHERE "inbox"."dispatched_at" IS NULL;--> statement-breakpoint
CREATE INDEX "inbox_pending_by_follower" ON "inbox" USING btree ("app_id","open_id","create_time","id") WHERE "inbox"."dispatched_at" IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "platform_events_dedupe_key" ON "platform_events" USING btree ("dedupe_key");--> statement-breakpoint
CREATE INDEX "recovery_codes_by_user" ON "recovery_codes" USING btree ("user_name");--> statement-breakpoint
CREATE INDEX "runs_by_follower" ON "runs" USING btree ("app_id","open_id","created_at");--> statement-breakpoint
CREATE INDEX "runs_by_creation" ON "runs" USING btree ("created_at","run_key");--> statement-breakpoint
CREATE INDEX "runs_by_campaign" ON "runs" USING btree ("campaign","status");--> statement-breakpoint
CREATE INDEX "sessions_by_user" ON "sessions" USING btree ("user_name");--> statement-breakpoint
CREATE INDEX "sign_in_challenges_by_user" ON "sign_in_challenges" USING btree ("user_name");