ALTER TABLE "accounts" ADD COLUMN "cap" jsonb;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "quiet_hours" jsonb;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "unasked_at" bigint;--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "unasked_sends" integer DEFAULT 0 NOT NULL;