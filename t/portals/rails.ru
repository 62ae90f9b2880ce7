# Rails with sessions in Redis (redis-actionpack).  They are Marshal there,
# which nobody but Ruby should read, so the edge asks.

require "json"
require "rails"
require "action_controller/railtie"
require "redis-actionpack"

USERS = JSON.parse(File.read(File.join(__dir__, "users.json")))


class Portal < Rails::Application
  config.load_defaults 6.1
  config.eager_load = false
  config.secret_key_base = ENV.fetch("SECRET")
  config.hosts.clear
  config.action_controller.allow_forgery_protection = false   # no forms here
  config.logger = Logger.new($stderr, level: Logger::WARN)

  config.session_store :redis_store,
    servers: [{ path: ENV.fetch("REDIS_SOCKET"), db: 0 }],
    key: "_portal_session", expire_after: 1800

  routes.append do
    post "sign-in", to: "sessions#create"
    post "sign-out", to: "sessions#destroy"
    get "visit", to: "sessions#visit"
    get "internal/recording-session", to: "recording_sessions#show"
  end
end


class SessionsController < ActionController::Base
  def create
    reset_session
    session[:user] = USERS.fetch(params[:user])
    session[:created_at] = Time.now.to_i
    head :no_content
  end

  def destroy
    reset_session
    head :no_content
  end

  def visit
    session[:visited] = true
    head :no_content
  end
end


class RecordingSessionsController < ActionController::Base
  def show
    user = session[:user] or return head(:unauthorized)

    render json: {
      user_id: user["id"], role: user["role"], tenant_id: user["tenant"],
      client_id: user["client"], project_ids: user["projects"],
      created_at: session[:created_at],
    }
  end
end


Portal.initialize!
run Portal
