CREATE TABLE "hooks" (
	"name" text PRIMARY KEY NOT NULL,
	"settings" jsonb NOT NULL,
	"secret_sealed" text NOT NULL,
	"previous_secret_sealed" text,
	"previous_secret_until" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "links" (
	"token" text PRIMARY KEY NOT NULL,
	"run_key" text NOT NULL,
	"step_id" text NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"created_at" bigint NOT NULL,
	"first_click_at" bigint,
	"clicks" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run_key" text NOT NULL,
	"step_id" text NOT NULL,
	"endpoint" text NOT NULL,
	"app_id" text NOT NULL,
	"open_id" text NOT NULL,
	"body" text,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" bigint NOT NULL,
	"give_up_at" bigint NOT NULL,
	"lease_owner_id" text,
	"lease_expires_at" bigint,
	"last_status" integer,
	"last_error" text,
	"created_at" bigint NOT NULL,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE TABLE "webhook_endpoints" (
	"name" text PRIMARY KEY NOT NULL,
	"url" text NOT NULL,
	"secret_sealed" text NOT NULL,
	"previous_secret_sealed" text,
	"previous_secret_until" bigint,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "own" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "links_by_step" ON "links" USING btree ("run_key","step_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_by_step" ON "outbox" USING btree ("run_key","step_id");--> statement-breakpoint
CREATE INDEX "outbox_waiting" ON "outbox" USING btree ("endpoint","next_attempt_at") WHERE "outbox"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "outbox_failed" ON "outbox" USING btree ("id") WHERE "outbox"."state" = 'failed';--> statement-breakpoint
CREATE INDEX "outbox_by_follower" ON "outbox" USING btree ("app_id","open_id");--> statement-breakpoint
CREATE INDEX "outbox_by_end" ON "outbox" USING btree ("ended_at") WHERE "outbox"."state" <> 'waiting';